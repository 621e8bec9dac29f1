"""How numbers and dates are written in files: the same patterns for what people enter and for what SQL reads."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal

_SIGN = "[+-]?"
_SPACES = "[ \u00a0\u202f'’]"
# (pattern of the whole number, characters that only group digits, character before the decimals), first one wins:
# 1234.5, then 1,234.5, then 1.234.567 and 1.234,5, then 12,5, then 1 234,5 and 1'234.5. So 1,234 is over a thousand
# and 1.234 is a little more than one.
NUMBERS: tuple[tuple[str, str, str], ...] = (
    (rf"{_SIGN}[0-9]{{1,30}}(?:\.[0-9]{{1,20}})?", "", "."),
    (rf"{_SIGN}[0-9]{{1,3}}(?:,[0-9]{{3}}){{1,9}}(?:\.[0-9]{{1,20}})?", ",", "."),
    (rf"{_SIGN}[0-9]{{1,3}}(?:\.[0-9]{{3}}){{2,9}}", ".", ","),
    (rf"{_SIGN}[0-9]{{1,3}}(?:\.[0-9]{{3}}){{1,9}},[0-9]{{1,20}}", ".", ","),
    (rf"{_SIGN}[0-9]{{1,30}},[0-9]{{1,20}}", "", ","),
    (rf"{_SIGN}[0-9]{{1,3}}(?:{_SPACES}[0-9]{{3}}){{1,9}}(?:[.,][0-9]{{1,20}})?", " \u00a0\u202f'’", ","),
)
# A sign of currency in front (after the sign of the number) or at the end.
CURRENCY_IN_FRONT = "^([+-]?)[$€£¥] ?"
CURRENCY_AT_END = " ?[$€£¥]$"

# A hundred years: nobody means more, and every day that far away can be written down.
MOST_DAYS = 36_500

_TIME = r"(?:[T ][0-9]{1,2}:[0-9]{2}.*)?"
_YEAR, _PART = "([12][0-9]{3})", "([0-9]{1,2})"
ISO = rf"{_YEAR}[-/.]{_PART}[-/.]{_PART}{_TIME}"
COMPACT = "([12][0-9]{3})([0-9]{2})([0-9]{2})"
DOTTED = rf"{_PART}\.{_PART}\.{_YEAR}{_TIME}"
SLASHED = rf"{_PART}[/-]{_PART}[/-]{_YEAR}{_TIME}"


def dates(*, is_day_first: bool) -> tuple[tuple[str, str], ...]:
    """(pattern of the whole text, what to put the year, month and day together from), first one wins."""
    slashed = r"\3-\2-\1" if is_day_first else r"\3-\1-\2"
    return ((ISO, r"\1-\2-\3"), (COMPACT, r"\1-\2-\3"), (DOTTED, r"\3-\2-\1"), (SLASHED, slashed))


def days(text: str, *, is_ago: bool = False) -> str | None:
    """A whole number of days, or None. is_ago: "30 days ago" is one as well; otherwise that would mean one day."""
    ago = "(?: ago)?" if is_ago else ""
    found = re.fullmatch(rf"([0-9]{{1,3}}(?:,?[0-9]{{3}})?|[0-9]{{1,5}})(?: ?days?{ago})?", text.strip())
    count = int(found[1].replace(",", "")) if found else -1
    return str(count) if 0 <= count <= MOST_DAYS else None


def number(text: str) -> str | None:
    """The number as 1234.5, or None."""
    plain = re.sub(CURRENCY_AT_END, "", re.sub(CURRENCY_IN_FRONT, r"\1", text.strip()))
    for pattern, grouping, decimals in NUMBERS:
        if re.fullmatch(pattern, plain):
            for char in grouping:
                plain = plain.replace(char, "")
            return format(Decimal(plain.replace(decimals, ".")), "f")
    return None


def date(text: str, *, is_day_first: bool = False) -> str | None:
    """The day as 2025-12-31, whatever its time, or None."""
    for pattern, order in dates(is_day_first=is_day_first):
        found = re.fullmatch(pattern, text.strip())
        if found:
            year, month, day = (int(part) for part in found.expand(order).split("-"))
            try:
                return datetime.date(year, month, day).isoformat()
            except ValueError:
                return None
    return None
