"""The match rate in words, or why there is none."""

from dataclasses import dataclass

from audiences.models import Doubt, Observation
from pinconnect.web import formats

_WHY = {
    Doubt.NOTHING_SENT: "PinConnect has put nobody on the list so far.",
    Doubt.EXISTING: "The list was on Pinterest before: it may hold people whom PinConnect did not send, and they are "
    "counted too.",
    Doubt.REMOVALS_OFF: "This delivery removes nobody. People who left your dataset are still on the list and still "
    "counted, so the rate would say more and more about them and less about what you send.",
    Doubt.SHARED: "Another tool writes to this list, so its size is not the work of what PinConnect sent.",
    Doubt.NO_SIZE: "Pinterest has told no size. It does so only from 100 matched people on.",
    Doubt.FRESH: "Much has changed within the last 48 hours and Pinterest is still matching, so a rate would be "
    "wrong until the size has followed.",
    Doubt.SEVERAL: "One person may have several identifiers on the list, and how many people they belong to is not "
    "known, so a rate would be too low.",
    Doubt.OVER_ALL: "Pinterest counts more people than were sent, so somebody else has put people on the list.",
}


@dataclass(frozen=True)
class Rate:
    """text: '34.0%', or empty; why: what it is of, or why there is none."""

    text: str
    why: str


def rate_of(newest: Observation | None) -> Rate:
    """Of the newest observation."""
    if newest is None:
        return Rate("", "Pinterest has not been asked yet.")
    if newest.rate is None or newest.base is None:
        return Rate("", _WHY.get(Doubt(newest.doubt), "") if newest.doubt else _WHY[Doubt.NO_SIZE])
    text = formats.percent(newest.size or 0, newest.base)
    if newest.is_by_rows:
        return Rate(
            text,
            f"{newest.size:,} people of {newest.base:,} rows, since one person may have several identifiers. "
            "An estimate: Pinterest gives no rate.",
        )
    return Rate(text, f"{newest.size:,} people of {newest.base:,} identifiers. An estimate: Pinterest gives no rate.")
