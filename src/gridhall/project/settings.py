"""Settings: everything a utility decides at start comes from the environment; the rest is fixed here."""

import os
from pathlib import Path

from gridhall.channels.web.assets import node_modules
from gridhall.integrations import chosen
from gridhall.runtime import database

#: Where this installation keeps its database, lake and logs.
HOME = Path(os.environ.get("GRIDHALL_HOME", "var")).resolve()

SECRET_KEY = os.environ.get("GRIDHALL_SECRET_KEY", "only-for-the-demo-and-tests")
#: What codes on printed bills are made with. Bills on paper outlive a change of the other key: give it one of its own.
CHECK_CODE_KEY = os.environ.get("GRIDHALL_CHECK_CODE_KEY", SECRET_KEY)
#: Where people reach the hall, as printed on bills: ``https://hall.example.com``; empty where there is no such address.
PUBLIC_URL = os.environ.get("GRIDHALL_PUBLIC_URL", "").rstrip("/")
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
    "procrastinate.contrib.django",
    # Pages come before allauth and the admin, whose templates they replace.
    "gridhall.channels.web",
    "gridhall.channels.console.reference.apps.ReferenceConfig",
    "gridhall.channels.hall.home",
    "gridhall.channels.hall.bills",
    "gridhall.channels.hall.usage",
    "gridhall.channels.hall.me",
    "gridhall.channels.hall.pay",
    "gridhall.channels.hall.prepay",
    "gridhall.channels.console.work",
    "gridhall.channels.console.customers",
    "gridhall.channels.console.readings",
    "gridhall.channels.console.billing",
    "gridhall.channels.console.tariffs",
    "gridhall.channels.console.payments",
    "gridhall.channels.console.supply",
    "gridhall.channels.console.collection",
    "gridhall.channels.console.ways",
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
    "gridhall.contexts.payments",
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
    "gridhall.channels.web.signin.middleware.SessionsSeen",
    "django_htmx.middleware.HtmxMiddleware",
    "gridhall.channels.web.signin.middleware.NothingLeftBehind",
    "gridhall.channels.web.signin.middleware.SecondFactorForStaff",
    "gridhall.channels.web.middleware.SignInAsAPage",
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
SESSION_ENGINE = "gridhall.channels.web.signin.sessions"
AUTHENTICATION_BACKENDS = [
    "gridhall.channels.web.signin.backend.IdentifierBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"
#: Who sends codes to phones: the name of an adapter.
CODE_SENDER = chosen(
    "GRIDHALL_CODES",
    os.environ.get("GRIDHALL_CODES", "terminal"),
    {"terminal": "gridhall.integrations.terminal.codes.TerminalCodes"},
)
#: Whether console and administration ask for a second factor; "no" only where something in front of them does.
STAFF_SECOND_FACTOR = os.environ.get("GRIDHALL_STAFF_SECOND_FACTOR", "yes") != "no"
#: How many proxies of one's own stand in front: attempts are counted by the address that the last of them names.
ALLAUTH_TRUSTED_PROXY_COUNT = int(os.environ.get("GRIDHALL_PROXIES", "0"))
ACCOUNT_ADAPTER = "gridhall.channels.web.signin.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "gridhall.channels.web.signin.forms.Password",
    "request_login_code": "gridhall.channels.web.signin.forms.RequestCode",
    "confirm_login_code": "gridhall.channels.web.signin.forms.ConfirmCode",
    "verify_phone": "gridhall.channels.web.signin.forms.ConfirmPhone",
    "change_password": "gridhall.channels.web.signin.forms.ChangePassword",
    "set_password": "gridhall.channels.web.signin.forms.SetPassword",
    "reauthenticate": "gridhall.channels.web.signin.second_factor.ConfirmByPassword",
}
ACCOUNT_LOGIN_METHODS = {"phone"}
ACCOUNT_SIGNUP_FIELDS = ["phone"]
# Staff may have no phone: allauth warns that then nobody could sign in by one.
SILENCED_SYSTEM_CHECKS = ["account.W001"]
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 5 * 60
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_LOGIN_BY_CODE_FORMAT = ACCOUNT_PHONE_VERIFICATION_CODE_FORMAT = {
    "numeric": True,
    "length": 6,
    "dashed": False,
}
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_SESSION_REMEMBER = True
#: Shared addresses of mobile networks send many people: per address generous, per person strict.
ACCOUNT_RATE_LIMITS = {
    "login": "60/m/ip",
    "login_failed": "30/m/ip,5/5m/key",
    "request_login_code": "30/m/ip,3/m/key",
    "verify_phone": "3/m/key,30/m/ip",
    "change_phone": "5/m/user",
    "verify_bill": "20/10m/ip",
    "pay_for_others": "30/10m/ip,10/10m/user",
}
MFA_ADAPTER = "gridhall.channels.web.signin.adapter.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "gridhall.channels.web.signin.second_factor.Authenticate",
    "reauthenticate": "gridhall.channels.web.signin.second_factor.Reauthenticate",
    "activate_totp": "gridhall.channels.web.signin.second_factor.ActivateApp",
    "add_webauthn": "gridhall.channels.web.signin.second_factor.AddPasskey",
    "edit_webauthn": "gridhall.channels.web.signin.second_factor.RenamePasskey",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = 1
# Browsers allow passkeys without https for this machine only.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS
USERSESSIONS_TRACK_ACTIVITY = True
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

#: Packages whose modules register what the worker does.
JOB_HANDLERS = ["gridhall.journeys.jobs"]

#: Packages whose modules hear what happened.
SUBSCRIBERS = ["gridhall.journeys.events"]

#: Who takes money for the utility, by code, in the order in which payers are offered them.
PAYMENT_GATEWAYS = {
    code: chosen(
        "GRIDHALL_GATEWAYS",
        code,
        {
            "demo": "gridhall.integrations.demo_gateway.gateway.DemoGateway",
            "alipay": "gridhall.integrations.alipay.gateway.Alipay",
            "wechat": "gridhall.integrations.wechatpay.gateway.WeChatPay",
            "unionpay": "gridhall.integrations.unionpay.gateway.UnionPay",
            "ewallet": "gridhall.integrations.ewallet.gateway.EWallet",
        },
    )
    for code in filter(None, os.environ.get("GRIDHALL_GATEWAYS", "demo").split(","))
}

#: Who counts points for payments: the name of a class that answers `payments.ports.Points`; "" for nobody.
PAYMENT_POINTS = "gridhall.contexts.payments.points_journal.PointsJournal"

#: Where the map of places to pay at has its style (MapLibre, JSON); empty: a plain ground with the places on it.
MAP_STYLE = os.environ.get("GRIDHALL_MAP_STYLE", "")
#: Further origins that the style names, for tiles and glyphs, separated by commas: ``https://tiles.example.com``.
MAP_HOSTS = [each for each in os.environ.get("GRIDHALL_MAP_HOSTS", "").split(",") if each]

if "demo" in PAYMENT_GATEWAYS:
    # Its page, where payers of the demo choose what happens.
    INSTALLED_APPS.append("gridhall.integrations.demo_gateway")

#: Who speaks to meters: the name of an adapter.
HEAD_END = chosen(
    "GRIDHALL_HEADEND",
    os.environ.get("GRIDHALL_HEADEND", "simulated"),
    {"simulated": "gridhall.integrations.simulated_headend.headend.SimulatedHeadEnd"},
)

#: Counts of attempts, which every process must see.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "runtime_cache"},
}

#: What goes wrong is said on the terminal with where; never what somebody typed, nor a page's content.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"terminal": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "loggers": {
        "django": {"handlers": ["terminal"], "level": "ERROR"},
        "gridhall": {"handlers": ["terminal"], "level": "INFO"},
    },
}
