"""Functions that look for rows whose hints were lost; each runs once per interval, however many hosts ask."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import close_old_connections, connection
from django.db.models import Q
from django.utils import timezone

from pinconnect.queue import leases
from pinconnect.queue.models import Reconciler

logger = logging.getLogger(__name__)

_LEASE_S = 60.0
# A turn that is further ahead than its interval and this was booked before the clock was set back.
_CLOCKS_DIFFER_BY = timedelta(seconds=60)


@dataclass(frozen=True)
class Registration:
    name: str
    function: Callable[[], Any]
    every_s: float


_registered: dict[str, Registration] = {}


def register(name: str, function: Callable[[], Any], *, every_s: float) -> None:
    """Have a function called about every every_s seconds, on one host at a time. Call it from an app's ready().

    The function should only find rows and send hints: whatever takes long or talks to others belongs in a task.
    """
    known = _registered.get(name)
    if known and known.function is not function:
        raise ValueError(f"Two reconcilers are called {name}.")
    _registered[name] = Registration(name, function, every_s)


def registered() -> tuple[Registration, ...]:
    return tuple(_registered.values())


def run_due(now: datetime | None = None) -> list[str]:
    """Run what is due and nobody else is running; returns the names. A failure is logged and stops no other."""
    now = now or timezone.now()
    rows = _rows(now)
    return [
        registration.name
        for registration in registered()
        if _is_due(registration, rows[registration.name].due_at, now)
        and _run(registration, rows[registration.name].pk, now)
    ]


def _latest(registration: Registration, now: datetime) -> datetime:
    """The furthest that a next turn can be ahead."""
    return now + timedelta(seconds=registration.every_s) + _CLOCKS_DIFFER_BY


def _is_due(registration: Registration, due_at: datetime, now: datetime) -> bool:
    return due_at <= now or due_at > _latest(registration, now)


def _rows(now: datetime) -> dict[str, Reconciler]:
    rows = {row.name: row for row in Reconciler.objects.all()}
    missing = [Reconciler(name=name, due_at=now) for name in _registered if name not in rows]
    if missing:
        Reconciler.objects.bulk_create(missing, ignore_conflicts=True)
        rows = {row.name: row for row in Reconciler.objects.all()}
    return rows


def _run(registration: Registration, pk: int, now: datetime) -> bool:
    due = Reconciler.objects.filter(Q(due_at__lte=now) | Q(due_at__gt=_latest(registration, now)))
    # The next turn is booked before this one starts: a function that kills its process is not tried again at once.
    next_turn = now + timedelta(seconds=registration.every_s)
    token = leases.claim(due, pk=pk, lease_s=_LEASE_S, now=now, due_at=next_turn)
    if token is None:
        return False
    error = ""
    with leases.Heartbeat(Reconciler.objects.all(), pk, token, _LEASE_S):
        try:
            registration.function()
        except Exception as problem:
            error = type(problem).__name__
            logger.exception(
                "The reconciler %s failed; it runs again in %s s.", registration.name, registration.every_s
            )
    if not connection.in_atomic_block:
        close_old_connections()
    leases.release(Reconciler.objects.all(), pk=pk, token=token, ran_at=timezone.now(), error=error[:100])
    return True
