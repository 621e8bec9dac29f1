"""What a schedule costs in calls, against what Pinterest allows the app."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from audiences import rhythm
from audiences.models import Delivery, Mode, Run, Schedule, Trigger
from audiences.models.schedule import Rhythm
from audiences.services import rates
from audiences.services.rates import Spent
from audiences.states import BATCH_OPEN, RunState
from pinconnect.pinterest.limits import DAY_S, RATES, Category, Tier
from pinconnect.profiles.models import Profile
from pinconnect.web import formats


@dataclass(frozen=True)
class Budget:
    """calls_per_run: of the newest finished run; runs_per_day and calls_per_day: None where the rhythm is unknown."""

    calls_per_run: int | None
    runs_per_day: float | None
    limit: int
    per: str

    @property
    def calls_per_day(self) -> int | None:
        if self.calls_per_run is None or self.runs_per_day is None:
            return None
        return round(self.calls_per_run * self.runs_per_day)

    @property
    def is_over(self) -> bool:
        """Only the Trial tier counts calls by the day."""
        return self.per == "day" and (self.calls_per_day or 0) > self.limit

    @property
    def warning(self) -> str:
        """What is_over means, for people."""
        needed = f"This schedule needs about {self.calls_per_day or 0:,} calls a day"
        return f"{needed}, and Pinterest allows an app with Trial access {self.limit:,} that change lists."


def of(delivery: Delivery, schedule: Schedule | None) -> Budget:
    finished = delivery.runs.filter(is_dry_run=False, state=RunState.DONE).exclude(trigger=Trigger.ERASURE)
    done = finished.order_by("-pk").first()
    calls = done.counts.get("final", {}).get("calls") if done else None
    rate = RATES[Tier(settings.PINTEREST_TIER)][Category.ADS_WRITE]
    return Budget(calls, _runs_per_day(schedule), rate.calls, "day" if rate.per_s == DAY_S else "minute")


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
    now, days = timezone.now(), 28
    times = rhythm.upcoming(schedule.cron, schedule.time_zone, after=now, count=days * 96)
    return sum(moment <= now + timedelta(days=days) for moment in times) / days


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
    """Of a run that waits to send or sends, or of a dry run that says what sending would take."""
    profile = run.delivery.standby if run.delivery.standby_since else run.delivery.profile
    if run.is_dry_run:
        return live(profile, run.counts.get("batches", 0) + _for_audience(run)) if run.counts.get("rows") else None
    if run.state not in (RunState.HELD, RunState.UPLOADING):
        return None
    open_batches = run.batches.filter(state__in=BATCH_OPEN).count()
    return live(profile, open_batches + _for_audience(run))


def _for_audience(run: Run) -> int:
    """A new list is made an audience by a call of its own, but not by who only takes people out of it."""
    if run.audience is None or run.plan.get("mode") == Mode.REMOVE:
        return 0
    return 0 if run.audience.audience_id else 1
