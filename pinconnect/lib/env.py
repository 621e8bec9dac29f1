"""How settings are read: typed values, secrets from files, and a plain sentence when something is wrong."""

import json
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import environ
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

DEMO_SECRETS_FILE = "demo-secrets.json"
DEMO_PREFIX = "demo-"
_FLAGS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


class Environment:
    """Reads one process environment; every failure is an ImproperlyConfigured that names the setting."""

    def __init__(self) -> None:
        self._env = environ.Env()

    def read_file(self, path: Path) -> None:
        """Take values from a .env file; the real environment wins."""
        if path.is_file():
            environ.Env.read_env(str(path))

    def text(self, name: str, default: str = "") -> str:
        return str(self._env.str(name, default=default)).strip()

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Strict: a mistyped DEMO=ture must not quietly mean false."""
        text = self.text(name).lower()
        if text and text not in _FLAGS:
            raise ImproperlyConfigured(f"{name} must be true or false, but is {text!r}.")
        return _FLAGS[text] if text else default

    def number(self, name: str, default: int, *, at_least: int = 0) -> int:
        value = int(self._cast(name, "a whole number", lambda: self._env.int(name, default=default)))
        if value < at_least:
            raise ImproperlyConfigured(f"{name} must be at least {at_least}, but is {value}.")
        return value

    def words(self, name: str, default: list[str] | None = None) -> list[str]:
        found = [str(item).strip() for item in self._env.list(name, default=default or [])]
        return [item for item in found if item]

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        value = self.text(name, default) or default
        if value not in allowed:
            raise ImproperlyConfigured(f"{name} must be one of {', '.join(allowed)}, but is {value!r}.")
        return value

    def url(self, name: str, default: str) -> str:
        value = (self.text(name, default) or default).rstrip("/")
        if not value.startswith(("http://", "https://")):
            raise ImproperlyConfigured(f"{name} must start with http:// or https://, but is {value!r}.")
        return value

    def secret(self, name: str, default: str | None = "") -> str:
        """A secret from NAME, or from the file that NAME_FILE points to; default None makes it required."""
        path = self.text(f"{name}_FILE")
        if path:
            try:
                return Path(path).read_text(encoding="utf-8").strip()
            except OSError as error:
                raise ImproperlyConfigured(
                    f"{name}_FILE points to {path}, which cannot be read: {error.strerror}."
                ) from error
        value = self.text(name)
        if not value and default is None:
            raise ImproperlyConfigured(
                f"{name} is missing. Set it (or {name}_FILE) in the environment or in .env; "
                "see docs/configuration.md. For a first look with made-up data, start with DEMO=true."
            )
        return value or default or ""

    def database(self, name: str, default: str) -> dict[str, Any]:
        config = dict(self._cast(name, "a database address", lambda: self._env.db_url(name, default=default)))
        if not config.get("ENGINE"):
            raise ImproperlyConfigured(f"{name} must be a database address such as postgres://user:password@host/name.")
        return config

    def email(self, name: str, default: str) -> dict[str, Any]:
        return dict(
            self._cast(name, "an e-mail address of a server", lambda: self._env.email_url(name, default=default))
        )

    @staticmethod
    def _cast(name: str, wanted: str, read: Callable[[], Any]) -> Any:
        try:
            return read()
        except ImproperlyConfigured:
            raise
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise ImproperlyConfigured(f"{name} must be {wanted}; what is set there cannot be read.") from error


def demo_secrets(data_dir: Path) -> dict[str, str]:
    """The secrets of a demo: made at random on first use and kept in the data folder, so a restart finds them."""
    path = data_dir / DEMO_SECRETS_FILE
    if not path.exists():
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = {
            "SECRET_KEY": DEMO_PREFIX + secrets.token_urlsafe(48),
            "FIELD_KEYS": Fernet.generate_key().decode(),
            "PINTEREST_APP_SECRET": DEMO_PREFIX + secrets.token_urlsafe(24),
            "DEMO_PASSWORD": DEMO_PREFIX + secrets.token_hex(4),
        }
        # Written aside and linked into place: of two processes that start at once, one set of secrets wins for both.
        aside = data_dir / f".{DEMO_SECRETS_FILE}.{secrets.token_hex(4)}"
        aside.touch(mode=0o600)
        aside.write_text(json.dumps(made), encoding="utf-8")
        try:
            path.hardlink_to(aside)
        except FileExistsError:
            pass
        finally:
            aside.unlink()
    return dict(json.loads(path.read_text(encoding="utf-8")))


def check_field_keys(keys: list[str]) -> list[str]:
    """Refuse keys that Fernet cannot use, without showing them."""
    for position, key in enumerate(keys, start=1):
        try:
            Fernet(key)
        except (ValueError, TypeError) as error:
            raise ImproperlyConfigured(
                f"FIELD_KEYS: key number {position} is not 32 bytes in URL-safe base64. "
                "Make one with: python manage.py new_field_key"
            ) from error
    if not keys:
        raise ImproperlyConfigured(
            "FIELD_KEYS is missing. It encrypts Pinterest tokens in the database. "
            "Make a key with: python manage.py new_field_key. For a first look with made-up data, start with DEMO=true."
        )
    return keys


def refuse_leftovers(data_dir: Path, *, secrets: tuple[str, ...], secret_key: str, api_host: str) -> None:
    """The point of a production start is that nothing made up is left in it. api_host: where Pinterest is called."""
    if any(secret.startswith(DEMO_PREFIX) for secret in secrets):
        raise ImproperlyConfigured(
            "A secret of a demo is set (it begins with 'demo-'). Make your own; see docs/configuration.md."
        )
    if (data_dir / DEMO_SECRETS_FILE).exists():
        raise ImproperlyConfigured(
            f"{data_dir} holds the data of a demo. Point DATA_DIR to an empty folder, or start with DEMO=true."
        )
    if len(secret_key) < 40:
        raise ImproperlyConfigured("SECRET_KEY is too short: use 50 or more random characters.")
    if api_host in {"localhost", "127.0.0.1", "::1"}:
        raise ImproperlyConfigured("PINTEREST_API_URL points to this machine. The simulator is for DEMO=true only.")
