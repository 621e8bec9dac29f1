"""The canary: a task made on this host, so that no other host can answer for a cluster that hangs."""

import time
from typing import Any
from uuid import uuid4

from django.utils import timezone
from django_q.signing import SignedPackage

from pinconnect.queue import reports

Tasks = list[tuple[Any, Any]] | None


class Watched:
    """Mixed into a broker. Every few seconds the pusher is given a canary in place of what the queue holds.

    It takes the whole way of a task (pusher, worker, monitor), and needs no broker: one that is down is no hang.
    """

    canary_every_s = 5.0
    _next_canary_at = 0.0

    def dequeue(self) -> Tasks:
        now = time.monotonic()
        if reports.is_supervised() and now >= self._next_canary_at:
            self._next_canary_at = now + self.canary_every_s
            return [(None, _canary())]
        tasks: Tasks = super().dequeue()  # type: ignore[misc]
        return tasks

    def set_stat(self, key: str, value: str, timeout: int) -> None:
        """The guard saves its state twice a second: for us that is its heartbeat, and not worth two writes."""
        if reports.is_supervised():
            reports.report("guard")
        else:
            super().set_stat(key, value, timeout)  # type: ignore[misc]


def _canary() -> str:
    task = {
        "id": uuid4().hex,
        "name": "canary",
        "func": reports.CANARY,
        "args": (),
        "kwargs": {},
        "started": timezone.now(),
    }
    return str(SignedPackage.dumps(task))
