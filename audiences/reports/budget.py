"""What a schedule costs in calls, against what Pinterest allows the app."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Case, OuterRef, Q, Subquery, Sum, When
from django.utils import timezone

from audiences import rhythm
from audiences.models import Delivery, Mode, Run, Schedule, Trigger
from audiences.models.schedule import Rhythm
from audiences.pipeline.batches import most_records
from audiences.pipeline.plan import BatchLimits, BatchRange, Operation
from audiences.services import file_uploads, rates
from audiences.services.file_uploads import CALLS_PER_FILE
from audiences.services.rates import Spent
from audiences.states import BATCH_OPEN, DeliveryState, RunState
from pinconnect.pinterest.limits import DAY_S, RATES, Category, Tier
from pinconnect.profiles.models import Profile
from pinconnect.web import formats

_SENT = Q(is_dry_run=False, state=RunState.DONE, counts__has_key="final")
_COUNTED = Q(is_dry_run=True, state=RunState.DONE, counts__has_key="batches")


@dataclass(frozen=True)
class Budget:
    """What a delivery takes of the limit, and what is left to it.

    calls_per_run: of the newest run that sent or, is_counted, as the newest dry run counted them; None before any.
    runs_per_day and calls_per_day: None where the rhythm is unknown. others_per_day: calls of all other active
    schedules that share the limit, as far as they are known.
    """

    calls_per_run: int | None
    runs_per_day: float | None
    limit: int
    per: str
    is_counted: bool = False
    others_per_day: int = 0

    @property
    def calls_per_day(self) -> int | None:
        if self.calls_per_run is None or self.runs_per_day is None:
            return None
        return round(self.calls_per_run * self.runs_per_day)

    @property
    def is_over(self) -> bool:
        """Only the Trial tier counts calls by the day."""
        return self.per == "day" and bool(self.calls_per_day) and self.needed_per_day > self.limit

    @property
    def needed_per_day(self) -> int:
        return (self.calls_per_day or 0) + self.others_per_day

    @property
    def warning(self) -> str:
        """What is_over means, for people."""
        needed = f"This schedule needs about {self.calls_per_day or 0:,} calls a day"
        others = f", the other active schedules about {self.others_per_day:,}" if self.others_per_day else ""
        return f"{needed}{others}, and Pinterest allows an app with Trial access {self.limit:,} that change lists."


def of(delivery: Delivery, schedule: Schedule | None) -> Budget:
    """schedule: the one to reckon with, stored or not."""
    sent = delivery.runs.filter(_SENT).exclude(trigger=Trigger.ERASURE).order_by("-pk").first()
    counted = None if sent else delivery.runs.filter(_COUNTED).order_by("-pk").first()
    calls = sent.counts["final"]["calls"] if sent else planned(counted) if counted else None
    rate = RATES[Tier(settings.PINTEREST_TIER)][Category.ADS_WRITE]
    return Budget(
        calls,
        _runs_per_day(schedule),
        rate.calls,
        "day" if rate.per_s == DAY_S else "minute",
        is_counted=counted is not None,
        others_per_day=_others_per_day(delivery),
    )


def planned(run: Run) -> int:
    """The calls that sending what a dry run counted would take, where files can be sent instead of calls with those."""
    batches: int = run.counts.get("batches", 0)
    if run.plan["wire"]["shape"] != "records":
        return batches
    most = most_records(BatchLimits(**run.plan["limits"]))
    ranges = [
        BatchRange(operation, first, min(most, total - first), 0)
        for operation, total in _records(run)
        for first in range(0, total, most)
    ]
    if len(ranges) != batches:
        return batches
    return sum(CALLS_PER_FILE if batch.is_file else 1 for batch in file_uploads.batches_of(run, ranges))


def _records(run: Run) -> tuple[tuple[Operation, int], ...]:
    return ("ADD", run.counts.get("adds", 0)), ("REMOVE", run.counts.get("removals", 0))


def _others_per_day(delivery: Delivery) -> int:
    """In a fixed number of queries. A Trial app shares one limit; of a Standard one, what a Pinterest user writes."""
    runs = Run.objects.filter(delivery=OuterRef("delivery")).order_by("-pk").values("pk")
    sent, counted = runs.filter(_SENT).exclude(trigger=Trigger.ERASURE), runs.filter(_COUNTED)
    found = Schedule.objects.filter(delivery__state=DeliveryState.ACTIVE).exclude(delivery=delivery)
    found = found.exclude(rhythm=Rhythm.NEW_DATA).filter(_sharing(delivery))
    others = list(found.annotate(sent=Subquery(sent[:1]), counted=Subquery(counted[:1])))
    sent_pks = [other.sent for other in others if other.sent]
    calls: dict[int, int] = dict(Run.objects.filter(pk__in=sent_pks).values_list("pk", "counts__final__calls"))
    counted_pks = [other.counted for other in others if other.counted and not other.sent]
    dry_runs = Run.objects.filter(pk__in=counted_pks).select_related("audience__ad_account")
    calls |= {run.pk: planned(run) for run in dry_runs}
    return round(sum(calls.get(other.sent or other.counted, 0) * (_runs_per_day(other) or 0) for other in others))


def _sharing(delivery: Delivery) -> Q:
    """Schedules whose calls count against the same limit."""
    if settings.PINTEREST_TIER == Tier.TRIAL:
        return Q()
    profile = speaker(delivery)
    if profile is None:
        return Q(pk=None)
    who = {"pinterest_id": profile.pinterest_id} if profile.pinterest_id else {"username": profile.username}
    main = {f"delivery__profile__{name}": value for name, value in who.items()}
    standby = {f"delivery__standby__{name}": value for name, value in who.items()}
    return Q(delivery__standby_since=None, **main) | Q(delivery__standby_since__isnull=False, **standby)


def speaker(delivery: Delivery) -> Profile | None:
    """In whose name it sends now."""
    return delivery.standby if delivery.standby_since else delivery.profile


@dataclass(frozen=True)
class SplitBudget:
    """What several deliveries cost together. first_calls: of their first runs; runs_per_day: None where unknown."""

    first_calls: int
    runs_per_day: float | None
    limit: int
    per: str

    @property
    def is_over(self) -> bool:
        """Only the Trial tier counts calls by the day."""
        return self.per == "day" and self.first_calls > self.limit


# A list and its audience are created once each.
_CALLS_TO_CREATE = 2


def of_split(rows: Sequence[int], schedule: Schedule | None) -> SplitBudget:
    """rows: of the newest snapshot, one number for each delivery that would be made."""
    calls = sum(_CALLS_TO_CREATE + max(1, math.ceil(count / settings.BATCH_RECORDS)) for count in rows)
    rate = RATES[Tier(settings.PINTEREST_TIER)][Category.ADS_WRITE]
    each = _runs_per_day(schedule)
    together = None if each is None else each * len(rows)
    return SplitBudget(calls, together, rate.calls, "day" if rate.per_s == DAY_S else "minute")


def _runs_per_day(schedule: Schedule | None) -> float | None:
    if schedule is None or schedule.rhythm == Rhythm.NEW_DATA:
        return None
    if schedule.rhythm == Rhythm.INTERVAL:
        return 1440 / (schedule.every_minutes or 1440)
    return rhythm.per_day(schedule.cron, after=timezone.now())


@dataclass(frozen=True)
class Live:
    """What a run still needs and what the app may do now. calls: still to be made, the audience's own included.

    seconds: the least that the limit allows for them, 0 when they fit at once; None where nothing is to be sent.
    """

    calls: int
    spent: Spent
    seconds: float

    @property
    def per(self) -> str:
        return "day" if self.spent.is_by_day else "minute"

    @property
    def share(self) -> float:
        """How much of the limit is used, 0..1."""
        return self.spent.used / self.spent.limit

    @property
    def fits(self) -> bool:
        return self.calls <= self.spent.left and not self.spent.blocked_s

    @property
    def used_text(self) -> str:
        return f"{self.spent.used:,} of {self.spent.limit:,} a {self.per} used"

    @property
    def sentence(self) -> str:
        """What it comes to, for people."""
        if not self.calls:
            return "Nothing is to be changed, so no call is to be made."
        is_one = self.calls == 1
        made = "1 call is to be made" if is_one else f"{self.calls:,} calls are to be made"
        if self.spent.blocked_s:
            return f"Pinterest has asked to wait for {formats.duration(self.spent.blocked_s)}. After that, {made}."
        if self.fits:
            return f"{made}, which {'fits' if is_one else 'fit'} into what is left."
        wait = formats.duration(self.seconds)
        return f"{made}, which {'takes' if is_one else 'take'} at least {wait} at Pinterest's rate."


def live(profile: Profile | None, calls: int) -> Live | None:
    """For so many calls that change a list, in the name of a profile."""
    if profile is None:
        return None
    found = rates.spent(profile, Category.ADS_WRITE)
    over = max(0, calls - found.left)
    return Live(calls, found, found.blocked_s + over * found.per_s / found.limit)


def of_run(run: Run) -> Live | None:
    """Of a run that waits to send or sends, or of a dry run that says what sending would take; None if nothing does."""
    profile = speaker(run.delivery)
    if run.is_dry_run:
        return live(profile, planned(run) + _for_audience(run)) if run.counts.get("rows") else None
    if run.state not in (RunState.HELD, RunState.UPLOADING):
        return None
    # A file that is at Pinterest is only looked at, which changes nothing.
    each = Case(When(is_file=False, then=1), When(upload_id="", then=CALLS_PER_FILE), default=0)
    left = run.batches.filter(state__in=BATCH_OPEN).aggregate(calls=Sum(each))["calls"] or 0
    calls = left + _for_audience(run)
    return live(profile, calls) if calls else None


def _for_audience(run: Run) -> int:
    """A new list is made an audience by a call of its own, but not by who only takes people out of it."""
    if run.audience is None or run.plan.get("mode") == Mode.REMOVE:
        return 0
    return 0 if run.audience.audience_id else 1
