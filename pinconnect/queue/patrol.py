"""The part of a worker that visits the database: runs due reconcilers, notes that the clusters of this host live, and
gives back what its dead processes held."""

import logging
import threading
import time
from collections.abc import Callable, Iterable

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connections
from django.utils import timezone

from pinconnect.queue import clock, holders, reconciler
from pinconnect.queue.models import WorkerBeat

logger = logging.getLogger(__name__)

_LOOK_EVERY_S = 1.0
_BEAT_EVERY_S = 10.0
# Reconcilers only find rows and send hints. One that takes this long waits for something that will not come.
_STUCK_AFTER_S = 900.0


class Patrol:
    """A thread, so that a database that does not answer never stops the watchdog."""

    def __init__(self, well: Callable[[], Iterable[str]], starts: Callable[[], int] = lambda: 1) -> None:
        """well: the names of the clusters that are well just now. starts: how often clusters were started so far."""
        self._well, self._starts = well, starts
        self._starts_seen = 0
        self._clock = clock.Watch()
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
                self._clock.look()
                self._bury()
                reconciler.run_due()
            except DatabaseError as error:
                logger.warning("The database cannot be used just now (%s); trying again.", type(error).__name__)
                connections.close_all()
            except Exception:
                logger.exception("A round of the reconcilers failed; trying again.")
        connections.close_all()

    def _bury(self) -> None:
        """What the dead held, and the hints that they had taken."""
        holders.release_dead()
        starts = self._starts()
        if starts != self._starts_seen:
            holders.note_lost_hints()
            self._starts_seen = starts

    def _beat(self) -> None:
        well = list(self._well())
        is_news = well != self._beat_for
        if not well or (not is_news and time.monotonic() - self._beat_at < _BEAT_EVERY_S):
            return
        now = timezone.now()
        WorkerBeat.objects.bulk_create(
            [WorkerBeat(host=settings.HOST_NAME, cluster=cluster, seen_at=now) for cluster in well],
            update_conflicts=True,
            unique_fields=["host", "cluster"],
            update_fields=["seen_at"],
        )
        self._beat_at, self._beat_for = time.monotonic(), well
