"""What every test has: no network but this machine, and the shared fixtures."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.simulator import simulator  # noqa: F401 -- a fixture

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
