"""Each scenario runs against both Pinterests, and every call is checked for its shape."""

from collections.abc import Iterator
from typing import Any

import pytest
import responses

from pinconnect.pinterest import transport
from pinconnect.pinterest.client import Client
from tests.pinterest.contract import shapes
from tests.pinterest.contract.worlds import ByHand, Simulated, World


@pytest.fixture(params=["written by hand", "simulator"])
def world(request: pytest.FixtureRequest, settings: Any) -> Iterator[World]:
    if request.param == "simulator":
        simulator = request.getfixturevalue("simulator")
        settings.PINTEREST_API_URL, settings.PINTEREST_OAUTH_URL = simulator.api_url, simulator.oauth_url
        settings.PINTEREST_APP_ID, settings.PINTEREST_APP_SECRET = simulator.app_id, simulator.app_secret
        yield Simulated(simulator)
    else:
        with responses.RequestsMock(registry=responses.registries.OrderedRegistry) as mock:
            yield ByHand(mock)


@pytest.fixture(autouse=True)
def checked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every call that is answered in a scenario has the described shape; at least one call is made."""
    seen: list[str] = []
    send = transport.send

    def send_and_check(call: transport.Call) -> transport.Answer:
        seen.append(call.method)
        answer = send(call)
        if answer.headers.get("content-type", "").startswith("application/json"):
            shapes.check(call, answer)
        return answer

    monkeypatch.setattr(transport, "send", send_and_check)
    yield seen
    assert seen


@pytest.fixture
def client(world: World) -> Client:
    return Client(world.access_token)
