"""How long a task may go on before it hands over to its own continuation."""

import time
from collections.abc import Callable

from pinconnect.queue import stopping


class TimeBudget:
    """So many seconds from now; spent at once when the worker is being stopped."""

    def __init__(self, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._ends_at = clock() + seconds

    @property
    def left(self) -> float:
        """Seconds left, never below zero."""
        return 0.0 if stopping.is_asked() else max(0.0, self._ends_at - self._clock())

    @property
    def is_spent(self) -> bool:
        return self.left == 0.0
