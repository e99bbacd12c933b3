"""Settings: everything a utility decides at start comes from the environment; the rest is fixed here."""

import os
from pathlib import Path

from gridhall.runtime import database

#: Where this installation keeps its database, lake and logs.
HOME = Path(os.environ.get("GRIDHALL_HOME", "var")).resolve()

SECRET_KEY = os.environ.get("GRIDHALL_SECRET_KEY", "only-for-the-demo-and-tests")
DEBUG = False
USE_TZ = True
#: The zone of the utility; clock times in tariffs and days of curves are local to it.
TIME_ZONE = os.environ.get("GRIDHALL_ZONE", "Asia/Shanghai")
LANGUAGE_CODE = "zh-hans"

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.postgres",
    "gridhall.runtime",
    "gridhall.contexts.accounts",
    "gridhall.contexts.metering",
    "gridhall.contexts.tariffs",
    "gridhall.contexts.billing",
]
#: A PostgreSQL server to use instead of the embedded one; empty for the embedded one.
DATABASE_URL = os.environ.get("DATABASE_URL", "")
DATABASES = {"default": database.configuration(DATABASE_URL, home=HOME)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
