"""Whose turn it is: of many runs that wait to be prepared, few are in the queue at a time, workspace by workspace.

The queue is first come, first served. So it is kept short: a run that has just been let in, and every further step of
one that is under way, waits behind a handful of others and not behind hundreds of one workspace. Whoever takes a run
out of the queue lets the next one in, and the reconciler does so too.
"""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Case, F, Max, OuterRef, Q, QuerySet, Subquery, Value, When, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from audiences import hinting
from audiences.models import Run, Trigger
from audiences.states import RunState
from pinconnect.queue import hints

# Of many runs that are due at once those that were hinted may wait for their turn.
HINT_AGAIN_AFTER = timedelta(seconds=120)
_AT_LEAST = 8
_PER_WORKER = 4
# Somebody sits in front of those, or has to have it done.
_URGENT = (Trigger.BY_HAND, Trigger.DRY_RUN, Trigger.PUBLISHED, Trigger.COMMAND, Trigger.ERASURE)


def give(*clusters: hints.Cluster) -> int:
    """Hint waiting runs for as long as there is room in the queues; returns how many."""
    now = timezone.now()
    return sum(_give(cluster, now) for cluster in clusters or hints.CLUSTERS)


def is_crowded() -> bool:
    """Whether small runs wait that there is no room for."""
    now = timezone.now()
    return bool(_not_hinted(_waiting("short", now), now).exists())


def room(cluster: hints.Cluster) -> int:
    """How many runs may be in a queue at a time. Those that are worked on are not in it any more."""
    workers = settings.SHORT_WORKERS if cluster == "short" else settings.PREPARE_WORKERS
    return max(_AT_LEAST, _PER_WORKER * workers)


def _give(cluster: hints.Cluster, now: datetime) -> int:
    waiting = _waiting(cluster, now)
    unhinted = _not_hinted(waiting, now)
    free = room(cluster) - waiting.filter(hinted_at__range=_recently(now)).count()
    return sum(_let_in(run, unhinted) for run in in_turn(unhinted)[:free]) if free > 0 else 0


def in_turn(waiting: QuerySet[Any]) -> QuerySet[Any]:
    """One of each workspace, then a second one of each …; first the workspace that has waited longest for attention."""
    urgency = Case(When(trigger__in=_URGENT, then=Value(0)), default=Value(1))
    attended = Run.objects.filter(workspace=OuterRef("workspace")).order_by().values("workspace")
    return (
        waiting.select_related("audience")
        .annotate(
            turn=Window(RowNumber(), partition_by="workspace", order_by=[urgency, "pk"]),
            attended_at=Subquery(attended.annotate(at=Max("hinted_at")).values("at")),
        )
        .order_by("turn", F("attended_at").asc(nulls_first=True), "pk")
    )


def _let_in(run: Run, unhinted: QuerySet[Any]) -> bool:
    """Of several workers that let the same one in, one does."""
    with transaction.atomic():
        if _is_locked(run) or not unhinted.filter(pk=run.pk).update(hinted_at=timezone.now()):
            return False
        hinting.prepare(run)
        return True


def _is_locked(run: Run) -> bool:
    """Whether another transaction has the row: waiting for it within one of ours could be a deadlock."""
    if not connection.features.has_select_for_update:
        return False
    mine = Run.objects.filter(pk=run.pk).select_for_update(skip_locked=True, no_key=True)
    return mine.values_list("pk", flat=True).first() is None


def _waiting(cluster: hints.Cluster, now: datetime) -> QuerySet[Any]:
    return Run.objects.to_prepare(now).filter(state=RunState.QUEUED, is_large=cluster == "prepare")


def _not_hinted(waiting: QuerySet[Any], now: datetime) -> QuerySet[Any]:
    """Never hinted, or so long ago that the hint must be lost; a moment to come: the clock was set back since."""
    return waiting.filter(Q(hinted_at=None) | ~Q(hinted_at__range=_recently(now)))


def _recently(now: datetime) -> tuple[datetime, datetime]:
    return now - HINT_AGAIN_AFTER, now + HINT_AGAIN_AFTER
