"""A rate shared by every worker on every host, kept as one database row per key (generic cell rate algorithm)."""

import time
from datetime import timedelta

from django.db import connections, models, router
from django.db.models import F, FloatField, Func, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Greatest

from pinconnect.queue.models import RateLimit

# Of two workers that ask in the same instant one is told to wait for no time at all; it should still wait a little.
_SHORTEST_WAIT_S = 0.005
_CLOCKS_DIFFER_BY_S = 60.0
# Pinterest's longest limit is for a day; a block that lasts longer was written before the clock was set back.
_LONGEST_BLOCK_S = 93_600.0


class _DatabaseClock(Func):
    template = "EXTRACT(EPOCH FROM clock_timestamp())::double precision"
    output_field = FloatField()
    arity = 0


def take(
    key: str,
    *,
    per_s: float | None = None,
    per_minute: float | None = None,
    per_hour: float | None = None,
    per_day: float | None = None,
    burst: float = 1.0,
    cost: float = 1.0,
) -> float:
    """Ask for cost units of the rate of a key. Returns 0.0 when granted, else the seconds to wait before asking again.

    Exactly one of per_s, per_minute, per_hour, per_day gives the rate; burst is how many units may go at once.
    Call it outside of a transaction: inside one, the row stays locked for all others until the end.
    """
    unit_s = _seconds_per_unit({1: per_s, 60: per_minute, 3_600: per_hour, 86_400: per_day})
    if not 0 < cost <= burst:
        raise ValueError("The cost must be above zero and no more than the burst, or it could never be granted.")
    slack_s = (burst - cost) * unit_s
    for _ in range(3):
        if _grant(key, cost * unit_s, slack_s):
            return 0.0
        row = _read(key)
        if row is None:
            _make(key)
        elif not _repair(key, *row, burst * unit_s):
            used_in, blocked_in = row
            return max(used_in - slack_s, blocked_in, _SHORTEST_WAIT_S)
    return _SHORTEST_WAIT_S


def take_some(key: str, wanted: int, *, per_s: float, burst: float) -> tuple[int, float]:
    """Ask for up to so many units at once; how many are granted, and if none, the seconds to wait until asking again.

    Give back what is not used. Like take, to be called outside of a transaction.
    """
    unit_s = _seconds_per_unit({1: per_s})
    number = min(wanted, int(burst))
    if number < 1:
        raise ValueError("At least one unit must be wanted, and the burst must allow one.")
    for _ in range(3):
        if _grant(key, number * unit_s, (burst - number) * unit_s):
            return number, 0.0
        row = _read(key)
        if row is None:
            _make(key)
            continue
        if _repair(key, *row, burst * unit_s):
            continue
        used_in, blocked_in = row
        left = int(burst - max(0.0, used_in) / unit_s)
        if left < 1 or blocked_in > 0:
            return 0, max(used_in - (burst - 1) * unit_s, blocked_in, _SHORTEST_WAIT_S)
        number = min(number, left)
    return 0, _SHORTEST_WAIT_S


def give_back(key: str, units: int, *, per_s: float) -> None:
    """Return units that were taken and not used."""
    RateLimit.objects.filter(key=key).update(used_until=F("used_until") - Value(units * _seconds_per_unit({1: per_s})))


def _repair(key: str, used_in: float, blocked_in: float, burst_s: float) -> bool:
    """Undo what was written before the clock was set back; whether there was anything of that kind."""
    now = _now()
    # More than the whole burst is never granted ahead.
    if used_in > burst_s + _CLOCKS_DIFFER_BY_S:
        RateLimit.objects.filter(key=key, used_until__gt=now + Value(burst_s)).update(used_until=now)
        return True
    if blocked_in > _LONGEST_BLOCK_S:
        RateLimit.objects.filter(key=key, blocked_until__gt=now + Value(_LONGEST_BLOCK_S)).update(blocked_until=0)
        return True
    return False


def _grant(key: str, used_s: float, slack_s: float) -> bool:
    """Book seconds of the rate if no more than slack_s of it is booked yet, and nothing is blocked."""
    now = _now()
    free = RateLimit.objects.filter(key=key, used_until__lte=now + Value(slack_s), blocked_until__lte=now)
    return bool(free.update(used_until=Greatest(F("used_until"), now) + Value(used_s)))


def block(key: str, seconds: float) -> None:
    """Grant nothing for this key for so many seconds from now; never shortens a block that is there."""
    until = Greatest(F("blocked_until"), _now() + Value(float(seconds)))
    if not RateLimit.objects.filter(key=key).update(blocked_until=until):
        _make(key)
        RateLimit.objects.filter(key=key).update(blocked_until=until)


def wait_for(key: str) -> float:
    """How many seconds the key stays blocked; 0.0 when it is not."""
    row = _read(key)
    return max(0.0, row[1]) if row else 0.0


def owed_s(key: str) -> tuple[float, float]:
    """Seconds until all that was granted is paid off (divide by the seconds of a unit), and until a block ends."""
    row = _read(key)
    return (max(0.0, row[0]), max(0.0, row[1])) if row else (0.0, 0.0)


def clock_was_set_back(by: timedelta) -> None:
    """Shorten what is counted on the clock of this host; the database's own clock is nobody's business here."""
    if isinstance(_now(), Value):
        later = RateLimit.objects.filter(blocked_until__gt=_now())
        later.update(blocked_until=F("blocked_until") - by.total_seconds())


def _seconds_per_unit(rates: dict[int, float | None]) -> float:
    given = [period_s / rate for period_s, rate in rates.items() if rate]
    if len(given) != 1:
        raise ValueError("Give exactly one rate, above zero: per_s, per_minute, per_hour or per_day.")
    return given[0]


def _now() -> Combinable:
    """The database's clock where many hosts share it; SQLite is on one host, and that host's clock will do."""
    if connections[router.db_for_write(RateLimit)].vendor == "postgresql":
        return _DatabaseClock()
    return Value(time.time(), output_field=FloatField())


def _read(key: str) -> tuple[float, float] | None:
    """Seconds from now until the key is paid off, and until it is no longer blocked."""
    row = (
        RateLimit.objects.filter(key=key)
        .annotate(now=models.ExpressionWrapper(_now(), output_field=FloatField()))
        .values_list("used_until", "blocked_until", "now")
        .first()
    )
    return None if row is None else (row[0] - row[2], row[1] - row[2])


def _make(key: str) -> None:
    RateLimit.objects.bulk_create([RateLimit(key=key)], ignore_conflicts=True)
