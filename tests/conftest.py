"""What every test has: no network but this machine, and the shared fixtures."""

import gc
import logging
import os
import re
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from pinconnect.lib.redact import RedactFilter
from pinconnect.pinterest import client

# One browser for the whole run: a fixture that several conftests import is made several times.
from tests.support.browser import browser_page, chromium, open_page  # noqa: F401 -- fixtures
from tests.support.installation import DATABASE, Installation
from tests.support.simulator import simulator  # noqa: F401 -- a fixture
from tests.support.templates import FOLDER


def pytest_collection_finish() -> None:
    """What was imported by now stays: looking through it for garbage again and again took a sixth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def pytest_unconfigure() -> None:
    """Whatever was frozen is cleared away at the end, else the data engine lists all of its types as leaked."""
    gc.unfreeze()


_connect = socket.socket.connect


def _guarded_connect(self: socket.socket, address: Any) -> Any:
    is_local = self.family == socket.AF_UNIX or address[0] in {"127.0.0.1", "::1", "localhost"}
    if not is_local:
        raise RuntimeError(f"A test tried to reach {address[0]}: the network is off for the whole suite.")
    return _connect(self, address)


@pytest.fixture(autouse=True, scope="session")
def _network_is_off() -> Iterator[None]:
    socket.socket.connect = _guarded_connect  # type: ignore[method-assign]
    yield
    socket.socket.connect = _connect  # type: ignore[method-assign]


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any, _templates: None) -> None:
    """The tables that migrations make, and what they put into them."""
    if connection.vendor != "sqlite":
        return
    made = Installation(Path(settings.DATA_DIR) / "tables")
    made.make_database()
    with django_db_blocker.unblock(), closing(sqlite3.connect(made.data_dir / DATABASE)) as tables:
        connection.ensure_connection()
        tables.backup(connection.connection)


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls to Pinterest are repeated at once; tests of the waits themselves record them here."""
    monkeypatch.setattr(client, "time", SimpleNamespace(monotonic=time.monotonic, sleep=lambda seconds: None))


@pytest.fixture(autouse=True, scope="session")
def _templates(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Processes that share the tests have folders beside each other."""
    base = tmp_path_factory.getbasetemp()
    os.environ[FOLDER] = str((base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "templates")


@pytest.fixture(autouse=True)
def _own_files(settings: Any, tmp_path: Path) -> None:
    """Each test has its own storage and work folder."""
    settings.WORK_DIR = tmp_path / "work"
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "files"), "base_url": None},
        },
    }


# Tokens, and the addresses and digests of people: what no log may hold, whoever writes it.
_PRIVATE = re.compile(r"\bpin[arc]_[\w-]{8,}|\bmember\d{5}@|(?<![0-9a-z])[0-9a-f]{64}(?![0-9a-z])", re.IGNORECASE)


class Eavesdropper(logging.Handler):
    """Keeps what the console would have shown and should not: it listens behind the same filter."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.heard: list[str] = []
        self.count = 0
        self.addFilter(RedactFilter())

    def emit(self, record: logging.LogRecord) -> None:
        self.count += 1
        line = self.format(record)
        if _PRIVATE.search(line):
            self.heard.append(f"{record.name}: {line[:200]}")


@pytest.fixture(autouse=True, scope="session")
def _logs_are_clean() -> Iterator[Eavesdropper]:
    """No token and no identifier in any log of the whole suite."""
    listener = Eavesdropper()
    logging.getLogger().addHandler(listener)
    yield listener
    logging.getLogger().removeHandler(listener)
    assert not listener.heard, f"{len(listener.heard)} of {listener.count} lines: {listener.heard[:5]}"
