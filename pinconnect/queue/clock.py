"""Notices that the host's clock was set back, and tells whoever has written down moments that are now too far ahead.

Set forward, a clock only makes things due. Set back, it would make everything wait that was to happen soon.
"""

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

logger = logging.getLogger(__name__)

# NTP moves a clock by less than this without a step.
NOTICED_FROM_S = 5.0
_told: list[Callable[[timedelta], Any]] = []


def when_set_back(function: Callable[[timedelta], Any]) -> None:
    """Have a function called with how far the clock went back. Call it from an app's ready()."""
    if function not in _told:
        _told.append(function)


class Watch:
    """Compares the clock on the wall with the one that only goes forward."""

    def __init__(self, *, wall: Callable[[], float] = time.time, steady: Callable[[], float] = time.monotonic) -> None:
        self._wall, self._steady = wall, steady
        self._apart = wall() - steady()

    def look(self) -> bool:
        """Whether the clock was set back since the last look; then everybody has been told."""
        apart = self._wall() - self._steady()
        back_s = self._apart - apart
        if back_s >= NOTICED_FROM_S:
            logger.warning(
                "The clock was set back by %.0f s. What was to happen by then happens as much earlier.", back_s
            )
            for function in _told:
                function(timedelta(seconds=back_s))
        self._apart = apart
        return back_s >= NOTICED_FROM_S
