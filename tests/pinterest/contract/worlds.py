"""Two Pinterests for the same scenario: replies written by hand, and the simulator."""

from typing import Any

import responses

from tests.pinterest.conftest import API
from tests.support.simulator import SimulatorInTest

RATE = {"x-ratelimit-limit": "400", "x-ratelimit-remaining": "399", "x-ratelimit-reset": "1", "x-pinterest-rid": "77"}


class ByHand:
    """Replies come in the order in which they were written."""

    ad_account_id = "549755885175"
    access_token = "pina_by_hand"
    refresh_token = "pinr_by_hand"
    username = "shoes"

    def __init__(self, mock: responses.RequestsMock) -> None:
        self.mock = mock

    def reply(self, method: str, path: str, body: Any = None, status: int = 200, **headers: str) -> None:
        """Write the next reply."""
        content = {"body": body} if isinstance(body, bytes | Exception) else {"json": body}
        self.mock.add(method, API + path, status=status, headers=RATE | headers, **content)

    def fault(self, kind: str, **parameters: Any) -> None:
        """Nothing: the replies written say it all."""


class Simulated:
    """The simulator answers by its own rules."""

    ad_account_id = "549700000101"
    username = "bobs_garden"

    def __init__(self, simulator: SimulatorInTest) -> None:
        self.simulator = simulator
        pair = simulator.grant("bob")
        self.access_token, self.refresh_token = pair["access_token"], pair["refresh_token"]

    def reply(self, method: str, path: str, body: Any = None, status: int = 200, **headers: str) -> None:
        """Nothing: the simulator knows its replies."""

    def fault(self, kind: str, **parameters: Any) -> None:
        """Let the next fitting call go wrong."""
        self.simulator.fault(kind, **parameters)


World = ByHand | Simulated
