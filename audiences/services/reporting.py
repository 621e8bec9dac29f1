"""Tells the run's page where preparing is, and finds out whether it should stop."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import InterfaceError, OperationalError, close_old_connections
from django.utils import timezone

from audiences.models import Run
from audiences.pipeline.plan import Progress
from pinconnect.queue import leases, stopping

logger = logging.getLogger(__name__)

EVERY_S = 1.0
_listeners: list[Callable[[Progress], None]] = []


@contextmanager
def listening(listener: Callable[[Progress], None]) -> Iterator[None]:
    """Tell somebody in this process as well, for as long as the body runs."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


@contextmanager
def _bearing_an_outage() -> Iterator[None]:
    """A database that is restarted must not cost the work of hours: what is lost here comes again in a second.

    If it stays away, the lease runs out and whoever holds it stops.
    """
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        logger.warning("The database cannot be used just now (%s); preparing goes on.", type(error).__name__)
        close_old_connections()


class Reporter:
    """Writes at most once a second, in one statement, and only while the lease is ours."""

    def __init__(self, run: Run, token: str, beat: leases.Heartbeat) -> None:
        self._run, self._token, self._beat = run, token, beat
        self._written_at = self._asked_at = 0.0
        self._stop = False

    def progress(self, progress: Progress) -> None:
        now = time.monotonic()
        if now - self._written_at < EVERY_S:
            return
        self._written_at = now
        with _bearing_an_outage():
            Run.objects.filter(pk=self._run.pk, lease_token=self._token).update(
                progress={
                    "step": progress.step,
                    "fraction": progress.fraction,
                    "rows": progress.rows,
                    "updated_at": timezone.now().isoformat(timespec="seconds"),
                }
            )
        for listener in _listeners:
            listener(progress)

    def should_stop(self) -> bool:
        """Called often by the engine; asks the database at most once a second."""
        now = time.monotonic()
        if not self._stop and now - self._asked_at >= EVERY_S:
            self._asked_at = now
            self._stop = self._beat.lost or stopping.is_asked()
            with _bearing_an_outage():
                self._stop = self._stop or self.is_cancel_asked()
        return self._stop

    def is_cancel_asked(self) -> bool:
        return Run.objects.filter(pk=self._run.pk, cancel_asked_at__isnull=False).exists()
