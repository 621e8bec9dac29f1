"""What a schedule costs in calls, against what Pinterest allows the app."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from audiences import rhythm
from audiences.models import Delivery, Schedule
from audiences.models.schedule import Rhythm
from audiences.states import RunState
from pinconnect.pinterest.limits import DAY_S, RATES, Category, Tier


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


def of(delivery: Delivery, schedule: Schedule | None) -> Budget:
    done = delivery.runs.filter(is_dry_run=False, state=RunState.DONE).order_by("-pk").first()
    calls = done.counts.get("final", {}).get("calls") if done else None
    rate = RATES[Tier(settings.PINTEREST_TIER)][Category.ADS_WRITE]
    return Budget(calls, _runs_per_day(schedule), rate.calls, "day" if rate.per_s == DAY_S else "minute")


def _runs_per_day(schedule: Schedule | None) -> float | None:
    if schedule is None or schedule.rhythm == Rhythm.NEW_DATA:
        return None
    if schedule.rhythm == Rhythm.INTERVAL:
        return 1440 / (schedule.every_minutes or 1440)
    now, days = timezone.now(), 28
    times = rhythm.upcoming(schedule.cron, schedule.time_zone, after=now, count=days * 96)
    return sum(moment <= now + timedelta(days=days) for moment in times) / days
