"""Guards: the embedded server starts once, survives its starter, recovers from kill -9; a wrong setting is an error."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gridhall.runtime import database
from gridhall.runtime.embedded import EmbeddedServer
from gridhall.runtime.errors import DatabaseSettingInvalid, DatabaseTooOld, DatabaseUnreachable


@pytest.mark.django_db
def test_the_test_database_answers() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database()")
        assert cursor.fetchone()[0].startswith("test_")
