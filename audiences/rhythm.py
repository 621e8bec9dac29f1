"""When a schedule is due next; pure functions of time.

Cron's times are meant on the clock of a time zone. On the day that clocks go forward, a time that does not exist is
moved by the hour that is missing, and counts once with the time in whose place it comes; on the day that they go back,
a time that comes twice counts the first time only.
"""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from croniter import CroniterError, croniter

SHORTEST_MINUTES = 15
# How far the looking goes for a cron that names few days, such as 29 February.
HORIZON_YEARS = 9
_DAYS = 28
# At least as long as the longest time by which clocks go forward: a zone may skip a whole day.
_A_DAY = timedelta(days=1)


class CronError(ValueError):
    """Not a cron expression that ever comes due; sentence is for the form."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def check_cron(text: str) -> str:
    """The expression in its plain form: five fields, at most every SHORTEST_MINUTES. Raises CronError."""
    fields = text.split()
    if len(fields) != 5 or not croniter.is_valid(" ".join(fields)):
        raise CronError(
            "Give five fields: minute, hour, day of the month, month, day of the week. For example 30 6 * * 1-5."
        )
    plain = " ".join(fields)
    start = datetime(2027, 1, 1, tzinfo=UTC)
    times = upcoming(plain, "UTC", after=start, count=50)
    if not times:
        raise CronError("No such time ever comes. Check the day and the month.")
    gaps = [later - earlier for earlier, later in pairwise(times)]
    if gaps and min(gaps) < timedelta(minutes=SHORTEST_MINUTES):
        raise CronError(
            f"That is more often than every {SHORTEST_MINUTES} minutes. Pinterest limits calls, so leave more room."
        )
    return plain


def next_cron(cron: str, time_zone: str, *, after: datetime) -> datetime | None:
    """The first due moment after the given one, in UTC; None if there is none within HORIZON_YEARS."""
    zone, after = ZoneInfo(time_zone), after.astimezone(UTC)
    clock = _clock(after, zone)
    until = clock + timedelta(days=366 * HORIZON_YEARS)
    # Where clocks went forward just now, a moved time may be ahead although the clock says that it is past.
    missing = max(timedelta(), clock - _clock(after - _A_DAY, zone) - _A_DAY)
    times = croniter(cron, clock - missing, max_years_between_matches=HORIZON_YEARS)
    due: datetime | None = None
    while clock < until:
        try:
            clock = times.get_next(datetime)
        except CroniterError:
            break
        if clock > until:
            break
        # fold=0: the first of two; a time that does not exist gets the offset from before the change.
        moment = clock.replace(tzinfo=zone, fold=0).astimezone(UTC)
        if moment > after and (due is None or moment < due):
            # If it was moved, times later on the clock, up to what the clock really shows then, may come before it.
            due, until = moment, _clock(moment, zone)
    return due


def _clock(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)


def per_day(cron: str, *, after: datetime) -> float:
    """How often a day it is due, on the average of four weeks; days on which clocks change count as others."""
    minutes, hours, *days = cron.split()
    of_a_day, _ = croniter.expand(f"{minutes} {hours} * * *")
    # A star stays one.
    times = [full if values == ["*"] else len(set(values)) for values, full in zip(of_a_day, (60, 24), strict=False)]
    start = after.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    found = upcoming(" ".join(["0 0", *days]), "UTC", after=start, count=_DAYS)
    return times[0] * times[1] * sum(moment <= start + timedelta(days=_DAYS) for moment in found) / _DAYS


def upcoming(cron: str, time_zone: str, *, after: datetime, count: int) -> list[datetime]:
    """The next due moments, in UTC."""
    found: list[datetime] = []
    while len(found) < count:
        moment = next_cron(cron, time_zone, after=found[-1] if found else after)
        if moment is None:
            break
        found.append(moment)
    return found


def next_interval(every_minutes: int, *, due_at: datetime, after: datetime) -> datetime:
    """The rhythm goes on from due_at: the first of its moments after the given one."""
    step = timedelta(minutes=every_minutes)
    missed = max(0, (after - due_at) // step)
    return due_at + (missed + 1) * step
