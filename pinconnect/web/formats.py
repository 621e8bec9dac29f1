"""How numbers, sizes, durations and times are written on pages."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils import timezone

_SIZES = ("bytes", "kB", "MB", "GB", "TB")


def human_bytes(size: float) -> str:
    """Bytes in steps of 1,000 with the unit: '812 bytes', '1.4 MB'."""
    for unit in _SIZES:
        if abs(size) < 999.5 or unit == _SIZES[-1]:
            break
        size /= 1000
    text = f"{size:,.0f}" if unit == "bytes" or abs(size) >= 99.95 else f"{size:.1f}"
    return f"{text} {'byte' if unit == 'bytes' and size == 1 else unit}"


def duration(seconds: float | timedelta) -> str:
    """Two units at most: '42 s', '3 min 20 s', '2 h 5 min', '3 days 4 h'."""
    if isinstance(seconds, timedelta):
        seconds = seconds.total_seconds()
    if 0 < seconds < 1:
        return "under 1 s"
    whole = round(max(0, seconds))
    days, rest = divmod(whole, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, rest = divmod(rest, 60)
    parts = [(days, "day" if days == 1 else "days"), (hours, "h"), (minutes, "min"), (rest, "s")]
    first = next((index for index, (count, _) in enumerate(parts) if count), len(parts) - 1)
    return " ".join(f"{count} {unit}" for count, unit in parts[first : first + 2] if count) or "0 s"


def percent(part: float, whole: float) -> str:
    """A share with as many digits as it deserves; never 0% or 100% unless it is exactly that."""
    if not whole:
        return "–"
    share = 100 * part / whole
    if 0 < share < 0.1:
        return "under 0.1%"
    if 99.9 < share < 100:
        return "over 99.9%"
    return f"{share:.0f}%" if share in {0, 100} else f"{share:.1f}%"


def in_zone(moment: datetime, zone_name: str = "") -> datetime:
    """The moment in a named zone; in the current one where the name is empty or unknown."""
    try:
        return timezone.localtime(moment, ZoneInfo(zone_name) if zone_name else None)
    except (ZoneInfoNotFoundError, ValueError):
        return timezone.localtime(moment)


def full_time(moment: datetime, zone_name: str = "") -> str:
    """'5 Nov 2026, 14:03 CET': always with the zone."""
    local = in_zone(moment, zone_name)
    return f"{local.day} {local:%b %Y, %H:%M} {local.tzname()}"


def relative_time(moment: datetime, now: datetime | None = None) -> str:
    """'just now', '3 min ago', 'in 2 h', and the date once it is more than six days away."""
    gap = ((now or timezone.now()) - moment).total_seconds()
    if abs(gap) < 45:
        return "just now" if gap >= 0 else "in a moment"
    if abs(gap) >= 6 * 86_400:
        return f"{moment.day} {moment:%b %Y}"
    words = duration(_coarse(abs(gap)))
    return f"{words} ago" if gap > 0 else f"in {words}"


def _coarse(seconds: float) -> float:
    """Rounded down to the largest unit, which is all that a glance needs."""
    for unit in (86_400, 3_600, 60):
        if seconds >= unit:
            return seconds // unit * unit
    return 60


def compact(number: float) -> str:
    """Three digits and a unit, for the scale of a chart: '850', '12 k', '1.5 M'."""
    for size, unit in ((1_000_000_000, "bn"), (1_000_000, "M"), (1_000, "k")):
        if abs(number) >= size:
            return f"{number / size:.3g} {unit}"
    return f"{number:.3g}"
