"""Shared by the tests of the client: a Pinterest whose every reply is written in the test, and no real waiting."""

from collections.abc import Iterator
from typing import Any

import pytest
import responses

from pinconnect.pinterest import client as module
from pinconnect.pinterest import transport
from pinconnect.pinterest.client import Client

API = "http://pinterest.test/v5"


@pytest.fixture(autouse=True)
def _known_app(settings: Any) -> None:
    settings.PINTEREST_API_URL = API
    settings.PINTEREST_OAUTH_URL = "http://pinterest.test/oauth/"
    settings.PINTEREST_APP_ID = "1000001"
    settings.PINTEREST_APP_SECRET = "test-app-secret"


@pytest.fixture(autouse=True)
def _fresh_connections() -> Iterator[None]:
    transport.forget_sessions()
    yield
    transport.forget_sessions()


@pytest.fixture(autouse=True)
def waits(_no_waits: None, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits between repeats, in seconds, recorded in place of being waited for."""
    recorded: list[float] = []
    monkeypatch.setattr(module.time, "sleep", recorded.append)
    return recorded


@pytest.fixture
def api() -> Iterator[responses.RequestsMock]:
    """Replies written by hand; each must be asked for, and nothing else may be."""
    with responses.RequestsMock(registry=responses.registries.OrderedRegistry) as mock:
        yield mock


@pytest.fixture
def client() -> Client:
    return Client("pina_token")
