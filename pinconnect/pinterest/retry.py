"""Short repeats inside one call: at most two, seconds apart; longer waits belong to the caller's own plan."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from pinconnect.pinterest import limits
from pinconnect.pinterest.errors import NotSent, PinterestError, RateLimited, Transient

_EPOCH_FROM = 1_000_000_000


def delay_s(
    error: PinterestError, *, method: str, safe_to_repeat: bool, repeats: int, elapsed_s: float
) -> float | None:
    """How long to wait before the call is made again, or None when it must not be.

    A rate limit is never waited for here: it is everybody's, so whoever shares it has to be told. Any other call that
    never left may be repeated. What Pinterest saw is repeated for reads only: a second ADD is harmless to the members
    but raises Pinterest's counters, so whoever keeps the books has to decide it.
    """
    if repeats >= len(limits.RETRY_DELAYS_S) or isinstance(error, RateLimited):
        return None
    may_repeat = isinstance(error, NotSent) or (
        isinstance(error, Transient) and safe_to_repeat and method.upper() == "GET"
    )
    if not may_repeat:
        return None
    wait = limits.RETRY_DELAYS_S[repeats]
    asked = error.retry_after_s if isinstance(error, Transient) else None
    if asked is not None:
        if asked > limits.RETRY_AFTER_CAP_S:
            return None
        wait = max(wait, asked)
    return wait if elapsed_s + wait <= limits.RETRY_BUDGET_S else None


def asked_wait_s(headers: Mapping[str, str]) -> float | None:
    """The wait of a Retry-After header, seconds or a date (RFC 9110), bounded to a day; None without a usable one."""
    text = headers.get("Retry-After", "").strip()
    if not text:
        return None
    if re.fullmatch(r"\d{1,12}(\.\d+)?", text):
        return bounded_s(float(text))
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return bounded_s((when - datetime.now(UTC)).total_seconds())


def bounded_s(seconds: float) -> float:
    """A wait between one second and a day.

    Pinterest's reset is seconds from now, not a time; a number that can only be a time is read as one all the same.
    """
    if seconds >= _EPOCH_FROM:
        seconds -= datetime.now(UTC).timestamp()
    return min(max(seconds, 1.0), limits.LONGEST_WAIT_S)
