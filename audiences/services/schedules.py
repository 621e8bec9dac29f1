"""Schedules: set, take away, and start what is due."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any
from zoneinfo import ZoneInfoNotFoundError

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Exists, F, OuterRef, Subquery, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from audiences import rhythm
from audiences.models import Delivery, Run, Schedule, Trigger
from audiences.models.schedule import Rhythm
from audiences.services import plan, runs
from audiences.services.refusals import ServiceRefusal
from audiences.states import RUN_ACTIVE, DeliveryState
from pinconnect.datasets.models import Snapshot
from pinconnect.queue.budget import TimeBudget
from pinconnect.workspaces import audit
from pinconnect.workspaces.models import User

logger = logging.getLogger(__name__)

AT_ONCE = 200
# The other reconcilers wait meanwhile, and the rest is due a moment later.
BUDGET_S = 2.0
REFUSED_AGAIN = timedelta(minutes=5)
NOTICED_TOGETHER = 200
# Why a schedule started no run, where that is not what a service says.
UNKNOWN_ZONE, BROKEN = "unknown_zone", "broken"
_TRIGGERS = {Rhythm.INTERVAL: Trigger.SCHEDULE, Rhythm.CRON: Trigger.SCHEDULE, Rhythm.NEW_DATA: Trigger.NEW_DATA}


@dataclass(frozen=True)
class Wish:
    """What a person chose; rhythm "" means by hand."""

    rhythm: str
    every_minutes: int | None = None
    cron: str = ""
    time_zone: str = "UTC"


@transaction.atomic
def change(delivery: Delivery, wish: Wish, *, by: User | None) -> Schedule | None:
    """Set or take away the schedule. The first due time lies ahead: saving a schedule starts nothing."""
    # Locked, so that of two people who save at once one comes after the other.
    Delivery.objects.select_for_update().get(pk=delivery.pk)
    Schedule.objects.filter(delivery=delivery).delete()
    made = None
    if wish.rhythm:
        now = timezone.now()
        made = Schedule(
            delivery=delivery,
            rhythm=wish.rhythm,
            every_minutes=wish.every_minutes if wish.rhythm == Rhythm.INTERVAL else None,
            cron=rhythm.check_cron(wish.cron) if wish.rhythm == Rhythm.CRON else "",
            time_zone=wish.time_zone,
        )
        made.due_at = _next(made, due_at=now, now=now)
        made.save()
    audit.record("delivery.scheduled", delivery, workspace=delivery.workspace, by=by, rhythm=wish.rhythm or "by hand")
    return made


def notice_new_data() -> int:
    """Deliveries that run on new data are due once data is ready that no run of theirs has seen; returns how many.

    Rows decide, so it does not matter whether anybody was told when the data arrived. The database is asked three times
    for many schedules, since this is looked for every few seconds.
    """
    runs_of = Run.objects.filter(delivery=OuterRef("delivery"), is_dry_run=False).exclude(trigger=Trigger.ERASURE)
    waiting = Schedule.objects.filter(rhythm=Rhythm.NEW_DATA, due_at=None).select_related("delivery")
    waiting = waiting.exclude(delivery__state__in=(DeliveryState.DRAFT, DeliveryState.ARCHIVED))
    found = list(waiting.annotate(last_run=Subquery(runs_of.order_by("-pk").values("pk")[:1])).order_by("pk"))
    due: list[int] = []
    for start in range(0, len(found), NOTICED_TOGETHER):
        due += _with_new_data(found[start : start + NOTICED_TOGETHER])
    return Schedule.objects.filter(pk__in=due, due_at=None).update(due_at=timezone.now()) if due else 0


@dataclass(frozen=True)
class _Last:
    """What the newest run of a delivery has pinned. read_as: of the snapshots that it read, as far as it is noted."""

    created_at: datetime
    seen: frozenset[int]
    read_as: dict[int, int]


@dataclass(frozen=True)
class _InUse:
    """A snapshot whose rows are its dataset's."""

    pk: int
    read_as: int
    ready_at: datetime | None


def _with_new_data(waiting: list[Any]) -> list[int]:
    """Of these schedules, each with its last_run, the ids of those that have new data."""
    last_runs = Run.objects.filter(pk__in=[schedule.last_run for schedule in waiting if schedule.last_run])
    lasts = {
        # Runs of earlier versions have not noted how they read their data.
        pk: _Last(created_at, frozenset(seen or ()), dict(zip(seen or (), readings or (), strict=False)))
        for pk, created_at, seen, readings in last_runs.values_list(
            "pk", "created_at", "plan__snapshots", "plan__readings"
        )
    }
    datasets = {schedule.delivery.dataset_id for schedule in waiting}
    in_use: dict[int, list[_InUse]] = {pk: [] for pk in datasets}
    # Each snapshot by its own dataset.
    found = Snapshot.objects.in_use(F("dataset")).filter(dataset__in=datasets)
    for dataset, *snapshot in found.values_list("dataset", "pk", "read_as", "ready_at"):
        in_use[dataset].append(_InUse(*snapshot))
    return [
        schedule.pk
        for schedule in waiting
        if _has_new_data(schedule, lasts.get(schedule.last_run), in_use[schedule.delivery.dataset_id])
    ]


def _has_new_data(schedule: Schedule, last: _Last | None, in_use: list[_InUse]) -> bool:
    """Whether a run would read something, or read it as something, that the last run did not.

    What the last run has pinned decides and not the time, for data can be ready for a while before others see it. Only
    what had been left undelivered when the schedule was saved stays so: saving starts nothing.
    """
    since = plan.data_since(schedule.delivery)
    is_newer = last is not None and last.created_at > schedule.created_at
    for snapshot in in_use:
        if since is not None and (snapshot.ready_at is None or snapshot.ready_at < since):
            continue
        if last is not None and snapshot.pk in last.seen:
            is_new = last.read_as.get(snapshot.pk, snapshot.read_as) != snapshot.read_as
        else:
            is_new = is_newer or (snapshot.ready_at is not None and snapshot.ready_at > schedule.created_at)
        if is_new:
            return True
    return False


def start_due() -> int:
    """Start runs for schedules that are due and whose lists nobody works on; returns how many were started.

    One of each workspace, then a second one of each …, until the time is up.
    """
    notice_new_data()
    now = timezone.now()
    at_work = Run.objects.filter(audience=OuterRef("delivery__audience"), state__in=RUN_ACTIVE, is_dry_run=False)
    due = Schedule.objects.filter(due_at__lte=now, delivery__state=DeliveryState.ACTIVE).exclude(Exists(at_work))
    found = due.select_related("delivery__dataset", "delivery__audience", "delivery__workspace")
    turn = Window(RowNumber(), partition_by="delivery__workspace", order_by=["due_at", "pk"])
    in_turn = found.annotate(turn=turn).order_by("turn", "due_at", "pk")[:AT_ONCE]
    budget = TimeBudget(BUDGET_S)
    return sum(_start_or_tell(schedule, now) for schedule in takewhile(lambda _: not budget.is_spent, in_turn))


def _start_or_tell(schedule: Schedule, now: datetime) -> bool:
    """A schedule that cannot be started, whatever the reason, keeps no other from its turn; its page says so."""
    try:
        return _start(schedule, now)
    except (OperationalError, InterfaceError):
        # That is a matter of all of them.
        raise
    except Exception as error:
        logger.exception("The schedule of delivery %s could not be started", schedule.delivery_id)
        code = UNKNOWN_ZONE if isinstance(error, ZoneInfoNotFoundError) else BROKEN
        mine = Schedule.objects.filter(pk=schedule.pk, due_at=schedule.due_at)
        mine.update(refusal=code, due_at=now + REFUSED_AGAIN)
        return False


def _start(schedule: Schedule, now: datetime) -> bool:
    """Move the due time on and start the run, both or neither; of several hosts, one wins."""
    assert schedule.due_at is not None  # noqa: S101 -- start_due() asked for it
    with transaction.atomic():
        # Before the schedule itself, as whoever saves one does: in another order each would wait for the other.
        Delivery.objects.select_for_update().get(pk=schedule.delivery_id)
        mine = Schedule.objects.filter(pk=schedule.pk, due_at=schedule.due_at)
        following = _next(schedule, due_at=schedule.due_at, now=now)
        if not mine.update(due_at=following, started_at=now, refusal=""):
            return False
        try:
            with transaction.atomic():
                runs.start(schedule.delivery, by=None, trigger=_TRIGGERS[Rhythm(schedule.rhythm)])
        except ServiceRefusal as refusal:
            # Shown on the delivery's page; the next due time tries again, and new data does not wait for newer.
            Schedule.objects.filter(pk=schedule.pk).update(
                refusal=refusal.code, started_at=schedule.started_at, due_at=following or now + REFUSED_AGAIN
            )
            logger.info("The schedule of delivery %s started no run: %s", schedule.delivery_id, refusal.code)
            return False
    return True


def clock_was_set_back(by: timedelta) -> None:
    """An interval goes on as it was meant; cron's times are those of the clock, whatever it says."""
    now = timezone.now()
    ahead = Schedule.objects.filter(due_at__gt=now)
    ahead.filter(rhythm=Rhythm.INTERVAL).update(due_at=F("due_at") - by)
    for schedule in ahead.filter(rhythm=Rhythm.CRON).iterator():
        # By how far the clock went back is not exact, and a time must not be passed over for some seconds.
        meant = (schedule.due_at or now) - by - timedelta(minutes=1)
        try:
            following = rhythm.next_cron(schedule.cron, schedule.time_zone, after=max(now, meant))
        except ZoneInfoNotFoundError:
            # Due now: whoever starts it finds out and tells.
            following = now
        ahead.filter(pk=schedule.pk, due_at=schedule.due_at).update(due_at=following)


def _next(schedule: Schedule, *, due_at: datetime, now: datetime) -> datetime | None:
    if schedule.rhythm == Rhythm.INTERVAL and schedule.every_minutes:
        return rhythm.next_interval(schedule.every_minutes, due_at=due_at, after=now)
    if schedule.rhythm == Rhythm.CRON:
        return rhythm.next_cron(schedule.cron, schedule.time_zone, after=now)
    return None
