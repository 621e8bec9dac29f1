"""Settings of the test suite: the demo's, in a folder of their own, with nothing that leaves the machine."""

import os
import tempfile
from pathlib import Path

# Chosen before the settings are read; nothing of the developer's own environment or .env may leak into a test.
_folder = Path(tempfile.mkdtemp(prefix="pinconnect-tests-"))
os.environ.update(
    DEMO="true",
    DEBUG="false",
    DATA_DIR=str(_folder),
    WORK_DIR=str(_folder / "work"),
    BASE_URL="http://testserver",
    ALLOWED_HOSTS="testserver,localhost,127.0.0.1",
    PINTEREST_APP_ID="1000001",
    PINTEREST_APP_SECRET="test-app-secret",
    PINTEREST_API_URL="http://pinterest.test/v5",
    PINTEREST_OAUTH_URL="http://pinterest.test/oauth",
    EMAIL_URL="memorymail://",
    QUEUE_BROKER="database",
    FILE_STORE="local",
    SQS_ENDPOINT_URL="",
)
os.environ.setdefault("DATABASE_URL", f"sqlite:///{_folder / 'pinconnect.sqlite3'}")
for name in ("SECRET_KEY", "SECRET_KEY_FILE", "FIELD_KEYS", "FIELD_KEYS_FILE", "REDIS_URL"):
    os.environ.pop(name, None)

from pinconnect.settings import *  # noqa: E402, F403

# They come from a template, which migrations have made once: see tests/conftest.py.
DATABASES["default"]["TEST"] = {"MIGRATE": "sqlite" not in DATABASES["default"]["ENGINE"]}  # noqa: F405 -- as above
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # noqa: F405
STATIC_ROOT = _folder / "staticfiles"
STATIC_ROOT.mkdir()
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
