"""Settings: everything a utility decides at start comes from the environment; the rest is fixed here."""

import os
from pathlib import Path

from gridhall.channels.web.assets import node_modules
from gridhall.runtime import database

#: Where this installation keeps its database, lake and logs.
HOME = Path(os.environ.get("GRIDHALL_HOME", "var")).resolve()

SECRET_KEY = os.environ.get("GRIDHALL_SECRET_KEY", "only-for-the-demo-and-tests")
DEBUG = False
#: Names under which the hall is reached, separated by commas.
ALLOWED_HOSTS = os.environ.get("GRIDHALL_HOSTS", "127.0.0.1,localhost,[::1]").split(",")
#: Whether people reach the hall by https: cookies are then never sent without it.
HTTPS = os.environ.get("GRIDHALL_HTTPS", "no") == "yes"

USE_TZ = True
#: The zone of the utility; clock times in tariffs and days of curves are local to it.
TIME_ZONE = os.environ.get("GRIDHALL_ZONE", "Asia/Shanghai")
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    # Templates of the form fields' elements, which `FORM_RENDERER` falls back to.
    "django.forms",
    "django_htmx",
    "csp",
    "rules",
    "procrastinate.contrib.django",
    # Pages come before allauth, whose templates they replace.
    "gridhall.channels.web",
    "gridhall.channels.hall.home",
    "gridhall.channels.hall.bills",
    "gridhall.channels.hall.usage",
    "gridhall.channels.hall.me",
    "gridhall.channels.console.work",
    "gridhall.channels.console.customers",
    "gridhall.channels.console.readings",
    "gridhall.channels.console.billing",
    "gridhall.channels.console.tariffs",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "gridhall.runtime",
    "gridhall.contexts.accounts",
    "gridhall.contexts.identity",
    "gridhall.contexts.metering",
    "gridhall.contexts.tariffs",
    "gridhall.contexts.billing",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "gridhall.channels.web.middleware.PrivatePages",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "gridhall.channels.web.middleware.ChosenLanguage",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "gridhall.channels.web.middleware.ErrorsInWords",
]
ROOT_URLCONF = "gridhall.project.urls"
WSGI_APPLICATION = "gridhall.project.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "gridhall.channels.web.templatetags.gridhall",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "gridhall.channels.web.context.page",
            ],
        },
    }
]
FORM_RENDERER = "gridhall.channels.web.forms.Renderer"

#: A PostgreSQL server to use instead of the embedded one; empty for the embedded one.
DATABASE_URL = os.environ.get("DATABASE_URL", "")
DATABASES = {"default": database.configuration(DATABASE_URL, home=HOME)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# -- who somebody is --------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "identity.User"
AUTHENTICATION_BACKENDS = [
    "rules.permissions.ObjectPermissionBackend",
    "django.contrib.auth.backends.ModelBackend",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_AGE = 30 * 24 * 3600
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "gridhall.channels.web.errors.csrf_failure"

# -- what a browser may do --------------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "manifest-src": ["'self'"],
        "worker-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_SSL_REDIRECT = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
X_FRAME_OPTIONS = "DENY"

# -- files of pages ---------------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = HOME / "static"
#: Where the packages of package-lock.json lie.
NODE_MODULES = node_modules()
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "gridhall.channels.web.assets.NpmFinder",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
MEDIA_ROOT = HOME / "media"

#: Counts of attempts, which every process must see.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "runtime_cache"},
}
