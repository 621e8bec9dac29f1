"""The part of a worker that visits the database: runs due reconcilers and notes that the clusters of this host live."""

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterable

from django.db import DatabaseError, close_old_connections, connections
from django.utils import timezone

from pinconnect.queue import reconciler
from pinconnect.queue.models import WorkerBeat

logger = logging.getLogger(__name__)

_LOOK_EVERY_S = 1.0
_BEAT_EVERY_S = 10.0
# Reconcilers only find rows and send hints. One that takes this long waits for something that will not come.
_STUCK_AFTER_S = 900.0


class Patrol:
    """A thread, so that a database that does not answer never stops the watchdog."""

    def __init__(self, well: Callable[[], Iterable[str]]) -> None:
        """well: the names of the clusters that are well just now."""
        self._well = well
        self._ended = threading.Event()
        self._round_began_at = time.monotonic()
        self._beat_at = float("-inf")
        self._beat_for: list[str] = []
        self._thread = threading.Thread(target=self._walk, name="patrol", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def end(self, wait_s: float) -> None:
        """Ask it to end, and wait for so long at most; what it was doing is safe to leave half done."""
        self._ended.set()
        self._thread.join(wait_s)

    @property
    def is_stuck(self) -> bool:
        return time.monotonic() - self._round_began_at > _STUCK_AFTER_S

    def _walk(self) -> None:
        while not self._ended.wait(_LOOK_EVERY_S):
            self._round_began_at = time.monotonic()
            try:
                close_old_connections()
                self._beat()
                reconciler.run_due()
            except DatabaseError as error:
                logger.warning("The database cannot be used just now (%s); trying again.", type(error).__name__)
                connections.close_all()
            except Exception:
                logger.exception("A round of the reconcilers failed; trying again.")
        connections.close_all()

    def _beat(self) -> None:
        well = list(self._well())
        is_news = well != self._beat_for
        if not well or (not is_news and time.monotonic() - self._beat_at < _BEAT_EVERY_S):
            return
        host = socket.gethostname()
        now = timezone.now()
        WorkerBeat.objects.bulk_create(
            [WorkerBeat(host=host, cluster=cluster, seen_at=now) for cluster in well],
            update_conflicts=True,
            unique_fields=["host", "cluster"],
            update_fields=["seen_at"],
        )
        self._beat_at, self._beat_for = time.monotonic(), well
