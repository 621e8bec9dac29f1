"""A clock that stands still until it is moved."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine

from tests.audiences.watching.helpers import Watched, watched
from tests.support.simulator import SimulatorInTest

NOON = "2026-11-26 12:00:00+00:00"


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def seen(db: None, clock: Any, simulator: SimulatorInTest) -> Watched:
    """300 people delivered, matched and looked at once."""
    return watched(simulator, clock)
