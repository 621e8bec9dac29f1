"""All settings, and the only place that reads the environment. Each is explained in docs/configuration.md."""

import socket
import sys
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from pinconnect.lib import content_policy
from pinconnect.lib import env as environment

BASE_DIR = Path(__file__).resolve().parent.parent
env = environment.Environment()
env.read_file(BASE_DIR / ".env")

# What kind of start this is -------------------------------------------------------------------------------------------
DEMO = env.flag("DEMO")
DEBUG = env.flag("DEBUG")
DATA_DIR = Path(env.text("DATA_DIR") or BASE_DIR / "data").resolve()
PORT = env.number("PORT", 8000, at_least=1)
SIMULATOR_PORT = env.number("SIMULATOR_PORT", 8001, at_least=1)
LISTEN_HOST = env.text("LISTEN_HOST", "127.0.0.1")
HOST_NAME = env.text("HOST_NAME") or socket.gethostname()
BASE_URL = env.url("BASE_URL", f"http://localhost:{PORT}")
_demo = environment.demo_secrets(DATA_DIR) if DEMO else {}

SECRET_KEY = env.secret("SECRET_KEY", _demo.get("SECRET_KEY"))
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")
FIELD_KEYS = environment.check_field_keys(
    [k for k in env.secret("FIELD_KEYS", _demo.get("FIELD_KEYS")).split(",") if k]
)
DEMO_EMAIL = "demo@pinconnect.example" if DEMO else ""
DEMO_PASSWORD = _demo.get("DEMO_PASSWORD", "")

# Pinterest ------------------------------------------------------------------------------------------------------------
PINTEREST_APP_ID = env.text("PINTEREST_APP_ID")
USE_SIMULATOR = DEMO and not PINTEREST_APP_ID
SIMULATOR_URL = f"http://localhost:{SIMULATOR_PORT}"
if USE_SIMULATOR:
    PINTEREST_APP_ID = "1000001"
    PINTEREST_APP_SECRET = _demo["PINTEREST_APP_SECRET"]
else:
    PINTEREST_APP_SECRET = env.secret("PINTEREST_APP_SECRET", None if PINTEREST_APP_ID else "")
PINTEREST_API_URL = env.url(
    "PINTEREST_API_URL", f"{SIMULATOR_URL}/v5" if USE_SIMULATOR else "https://api.pinterest.com/v5"
)
PINTEREST_OAUTH_URL = env.url(
    "PINTEREST_OAUTH_URL", f"{SIMULATOR_URL}/oauth" if USE_SIMULATOR else "https://www.pinterest.com/oauth"
)
PINTEREST_TIER = env.choice("PINTEREST_TIER", "standard", ("trial", "standard"))
PINTEREST_FILE_UPLOADS = env.flag("PINTEREST_FILE_UPLOADS", default=True)
PINTEREST_REDIRECT_URI = f"{BASE_URL}/oauth/pinterest/callback/"

if not DEMO:
    environment.refuse_leftovers(
        DATA_DIR,
        secrets=(SECRET_KEY, PINTEREST_APP_SECRET),
        secret_key=SECRET_KEY,
        api_host="" if DEBUG else urlsplit(PINTEREST_API_URL).hostname or "",
    )

# Web ------------------------------------------------------------------------------------------------------------------
_host = urlsplit(BASE_URL).hostname or "localhost"
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS") or [_host, "localhost", "127.0.0.1", "[::1]"]
CSRF_FAILURE_VIEW = "pinconnect.web.errors.csrf_failure"
CSRF_TRUSTED_ORIGINS = [BASE_URL] if BASE_URL.startswith("https://") else []
SITE_NAME = "PinConnect"
ROOT_URLCONF = "pinconnect.urls"
WSGI_APPLICATION = "pinconnect.wsgi.application"
INSTALLED_APPS = [
    "pinconnect.web",
    "pinconnect.workspaces",
    "pinconnect.queue",
    "pinconnect.alerts",
    "pinconnect.profiles",
    "pinconnect.datasets",
    "audiences",
    "invites",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_htmx",
    "django_q",
    "csp",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "pinconnect.web.middleware.PrivatePagesMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "pinconnect.web.context_processors.site",
                "pinconnect.workspaces.context_processors.workspace",
                "pinconnect.alerts.context_processors.alerts",
            ],
            "builtins": ["pinconnect.web.templatetags.ui", "django.contrib.humanize.templatetags.humanize"],
        },
    }
]
FORM_RENDERER = "pinconnect.web.forms.Renderer"
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
UPLOAD_MAX_BYTES = env.number("UPLOAD_MAX_MB", 20_000, at_least=1) * 1_000_000
# Only pages that expect a file take large ones, with a handler of their own; anywhere else they are dropped, so that
# nobody can fill the disk through the sign-in page.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
SNAPSHOT_KEEP_DAYS = env.number("SNAPSHOT_KEEP_DAYS", 30)
_https = BASE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "__Host-session" if _https else f"pinconnect-session-{PORT}"
CSRF_COOKIE_NAME = "__Host-csrf" if _https else f"pinconnect-csrf-{PORT}"
SECURE_HSTS_SECONDS = env.number("HSTS_SECONDS", 31_536_000 if _https else 0)
SECURE_SSL_REDIRECT = env.flag("SSL_REDIRECT", default=False)
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
TRUSTED_PROXY_COUNT = ALLAUTH_TRUSTED_PROXY_COUNT = env.number("TRUSTED_PROXY_COUNT", 0)
if TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CONTENT_SECURITY_POLICY = content_policy.policy(PINTEREST_OAUTH_URL)

# Data -----------------------------------------------------------------------------------------------------------------
DATABASES = {"default": env.database("DATABASE_URL", f"sqlite:///{DATA_DIR / 'pinconnect.sqlite3'}")}
# Without the check the first request of each thread fails after the database was restarted.
DATABASES["default"] |= {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=20000;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
FILE_STORE = env.choice("FILE_STORE", "local", ("local", "s3"))
_files = {
    "BACKEND": "django.core.files.storage.FileSystemStorage",
    "OPTIONS": {
        "location": str(DATA_DIR / "files"),
        "base_url": None,
        # What people upload is for this process's user alone.
        "file_permissions_mode": 0o600,
        "directory_permissions_mode": 0o700,
    },
}
if FILE_STORE == "s3":
    _files = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": env.secret("S3_BUCKET", None),
            "endpoint_url": env.text("S3_ENDPOINT_URL") or None,
            "region_name": env.text("S3_REGION") or None,
            "location": env.text("S3_PREFIX"),
            "default_acl": None,
            "file_overwrite": True,
            # What is streamed to a browser waits on disk instead of in memory.
            "max_memory_size": 10_000_000,
        },
    }
STORAGES = {
    "default": _files,
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WORK_DIR = Path(env.text("WORK_DIR") or DATA_DIR / "work").resolve()
# It counts who tries how often. In the database with every broker, so that pages need nothing else; and with room for
# many, since a cache that is full forgets counts.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "django_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}
ENGINE_MEMORY_MB = env.number("ENGINE_MEMORY_MB", 500, at_least=200)
ENGINE_THREADS = env.number("ENGINE_THREADS", 0)
BATCH_RECORDS = env.number("BATCH_RECORDS", 10_000, at_least=1)
BATCH_BYTES = env.number("BATCH_BYTES", 1_000_000, at_least=1_000)
CALL_KEEP_DAYS = env.number("CALL_KEEP_DAYS", 7)
CALLS_PER_RUN = env.number("CALLS_PER_RUN", 2_000, at_least=2)
PUMPS_PER_RUN = env.number("PUMPS_PER_RUN", 2, at_least=1)

# Queue: two clusters, so that one large list being prepared never blocks the short tasks ------------------------------
QUEUE_BROKER = env.choice("QUEUE_BROKER", "database", ("database", "redis", "sqs"))
REDIS_URL = env.secret("REDIS_URL")
SQS_ENDPOINT_URL = env.text("SQS_ENDPOINT_URL")
SHORT_WORKERS = env.number("SHORT_WORKERS", 2, at_least=1)
PREPARE_WORKERS = env.number("PREPARE_WORKERS", 1, at_least=1)
_BROKERS: dict[str, dict[str, object]] = {
    "database": {"broker_class": "pinconnect.queue.brokers.database.DatabaseBroker", "orm": "default"},
    "redis": {"broker_class": "pinconnect.queue.brokers.redis.RedisBroker", "redis": REDIS_URL},
    "sqs": {
        "broker_class": "pinconnect.queue.brokers.sqs.SqsBroker",
        # Asking costs money, so each question waits for an answer; a stop has to wait for it too, so not for long.
        "sqs": {"aws_region": env.text("SQS_REGION", "us-east-1"), "receive_message_wait_time_seconds": 3},
    },
}
if QUEUE_BROKER == "redis" and not REDIS_URL:
    raise ImproperlyConfigured("QUEUE_BROKER is redis, but REDIS_URL is missing.")
Q_CLUSTER = {
    "name": "pinconnect",
    "label": "Queue",
    "workers": SHORT_WORKERS,
    "timeout": 60,
    "retry": 600,
    "queue_limit": 1,
    "bulk": 1,
    "recycle": 1_000,
    # Kilobytes on Linux, but bytes on macOS, where every task would seem to be too much.
    "max_rss": 600_000 if sys.platform == "linux" else None,
    "ack_failures": True,
    "max_attempts": 1,
    "save_limit": -1,
    # The reconciler says what is due. One broken row stops all of django-q2's schedules, and each can run any code.
    "scheduler": False,
    "poll": 0.2,
    **_BROKERS[QUEUE_BROKER],
    # One preparation may take hours; its lease in the database, not the queue, says whether it is alive.
    # 12 hours is the longest that SQS can wait before it gives a message to another worker.
    "ALT_CLUSTERS": {"prepare": {"workers": PREPARE_WORKERS, "timeout": 21_600, "retry": 43_200}},
}

# People ---------------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "workspaces.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}Validator"}
    for name in ("UserAttributeSimilarity", "MinimumLength", "CommonPassword", "NumericPassword")
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_FORMS = {"login": "pinconnect.workspaces.forms.SignInForm"}
ACCOUNT_ADAPTER = "pinconnect.workspaces.accounts.AccountAdapter"
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_SESSION_REMEMBER = None
SIGNUP_OPEN = env.flag("SIGNUP_OPEN", default=False)
MFA_ADAPTER = "pinconnect.workspaces.accounts.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not _https
MFA_TOTP_ISSUER = SITE_NAME
# Tracking writes to the database with every request, the polling of a run's page included.
USERSESSIONS_TRACK_ACTIVITY = False
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
EMAIL_TIMEOUT = 20
vars().update(env.email("EMAIL_URL", "consolemail://" if DEMO else "smtp://localhost:25"))
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.text("DEFAULT_FROM_EMAIL", f"PinConnect <pinconnect@{_host}>")

# Language, time, logs -------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
USE_I18N, USE_TZ = False, True
TIME_ZONE = env.text("TIME_ZONE", "UTC")
LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "redact": {"()": "pinconnect.lib.redact.RedactFilter"},
        "refusals": {"()": "pinconnect.web.logs.RefusalFilter"},
    },
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["redact"]}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {"django-q": {"level": "WARNING"}, "django.request": {"filters": ["refusals"]}},
}
