"""Days that are counted from the day on which a run starts, which is the day in the workspace's time zone."""

from __future__ import annotations

import datetime

from django.utils import timezone

from audiences.filtering.conditions import Condition
from pinconnect.web import formats


def today(zone_name: str, now: datetime.datetime | None = None) -> datetime.date:
    """The day that it is in a zone; in that of the installation where the zone is not known any more."""
    return formats.in_zone(now or timezone.now(), zone_name).date()


def span(condition: Condition, day: datetime.date | None) -> tuple[datetime.date | None, datetime.date | None]:
    """The first and the last day that meet the condition, None where there is no end.

    Calendar days: in the last 7 days are the day itself and the 7 before it, and more than 7 days ago is whatever is
    before those, so that the two never overlap and leave no day out.
    """
    if day is None:
        raise ValueError("Days are counted from a day, and none was set.")
    far = datetime.timedelta(days=int(condition.values[0]))
    if condition.operator == "days_ago":
        return None, day - far - datetime.timedelta(days=1)
    return (day - far, day) if condition.operator == "last_days" else (day, day + far)
