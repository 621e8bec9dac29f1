"""Which rows a filter takes, worked out slowly and plainly from the filter's JSON: no SQL, no code of the product."""

import datetime
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

INVISIBLE = "\0\u00ad\u180e\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"


def matches(row: Mapping[str, str], found: Mapping[str, Any]) -> bool:
    """found: match, is_day_first, groups of match and conditions (column, operator, values); today, to count from."""
    today = datetime.date.fromisoformat(found["today"]) if "today" in found else None
    groups = [
        _combined(group["match"], [met(row, one, found["is_day_first"], today) for one in group["conditions"]])
        for group in found["groups"]
    ]
    return _combined(found["match"], groups)


def met(
    row: Mapping[str, str], condition: Mapping[str, Any], is_day_first: bool, today: datetime.date | None = None
) -> bool:
    text, operator, values = trimmed(row[condition["column"]] or ""), condition["operator"], condition["values"]
    if operator in ("empty", "filled"):
        return (text == "") == (operator == "empty")
    if operator in ("above", "at_least", "below", "at_most"):
        return _ordered(operator, number(text), float(values[0]) if values else None)
    if operator in ("before", "after"):
        return _ordered(operator, date(text, is_day_first), datetime.date.fromisoformat(values[0]))
    if operator in ("last_days", "days_ago", "next_days"):
        return _away(operator, date(text, is_day_first), today, int(values[0]))
    mine, wanted = folded(text), [folded(trimmed(value)) for value in values]
    if operator in ("is", "is_not", "one_of", "none_of"):
        return (mine in wanted) == (operator in ("is", "one_of"))
    if operator == "starts":
        return mine.startswith(wanted[0])
    return (wanted[0] in mine) == (operator == "contains")


def trimmed(text: str) -> str:
    while text and (text[0].isspace() or text[0] in INVISIBLE):
        text = text[1:]
    while text and (text[-1].isspace() or text[-1] in INVISIBLE):
        text = text[:-1]
    return text


def folded(text: str) -> str:
    """Composed, and each letter in lower case by itself: a capital I with a dot becomes one letter, as in SQL."""
    return "".join(char.lower()[0] for char in unicodedata.normalize("NFC", text))


def number(text: str) -> float | None:
    """1234.5, 1,234.5, 1.234,5, 12,5, 1 234,5, 1'234.5, and a currency in front or behind."""
    text = re.sub(r" ?[$€£¥]$", "", text)
    text = re.sub(r"^([+-]?)[$€£¥] ?", r"\1", text)
    sign = -1 if text.startswith("-") else 1
    text = text[1:] if text[:1] in ("+", "-") else text
    commas, dots = text.count(","), text.count(".")
    if re.fullmatch(r"[0-9]{1,3}([ \u00a0\u202f'’][0-9]{3}){1,9}([.,][0-9]{1,20})?", text):
        text = re.sub(r"[^0-9.,]", "", text).replace(",", ".")
    elif commas and dots:
        last = max(text.rfind(","), text.rfind("."))
        whole, grouping = text[:last], "," if text[last] == "." else "."
        if not re.fullmatch(r"[0-9]{1,3}([.,][0-9]{3}){1,9}", whole) or text[last] in whole or grouping not in whole:
            return None
        text = whole.replace(grouping, "") + "." + text[last + 1 :]
    elif re.fullmatch(r"[0-9]{1,3}(,[0-9]{3}){1,9}", text) or re.fullmatch(r"[0-9]{1,3}(\.[0-9]{3}){2,9}", text):
        text = text.replace(",", "").replace(".", "")
    elif commas == 1:
        text = text.replace(",", ".")
    return sign * float(text) if re.fullmatch(r"[0-9]{1,30}(\.[0-9]{1,20})?", text) else None


def date(text: str, is_day_first: bool) -> datetime.date | None:
    day = re.sub(r"[T ][0-9]{1,2}:[0-9]{2}[^\n]*$", "", text)
    if re.fullmatch("[12][0-9]{7}", text):
        order = (text[:4], text[4:6], text[6:])
    elif re.fullmatch(r"[12][0-9]{3}[-/.][0-9]{1,2}[-/.][0-9]{1,2}", day):
        order = tuple(re.split("[-/.]", day))  # type: ignore[assignment]
    elif re.fullmatch(r"[0-9]{1,2}([-/.])[0-9]{1,2}[-/.][12][0-9]{3}", day):
        first, second, year = re.split("[-/.]", day)
        signs = re.sub("[0-9]", "", day)
        if signs not in ("..", "//", "--", "/-", "-/"):
            return None
        is_european = signs == ".." or is_day_first
        order = (year, second, first) if is_european else (year, first, second)
    else:
        return None
    try:
        return datetime.date(*(int(part) for part in order))
    except ValueError:
        return None


def _ordered(operator: str, mine: Any, wanted: Any) -> bool:
    if mine is None:
        return False
    return {
        "above": mine > wanted,
        "after": mine > wanted,
        "at_least": mine >= wanted,
        "at_most": mine <= wanted,
        "below": mine < wanted,
        "before": mine < wanted,
    }[operator]


def _away(operator: str, mine: datetime.date | None, today: datetime.date | None, days: int) -> bool:
    """One day after the other is looked at."""
    assert today is not None
    if mine is None:
        return False
    step = datetime.timedelta(days=-1 if operator != "next_days" else 1)
    near = {today + step * number for number in range(days + 1)}
    return mine not in near and mine < today if operator == "days_ago" else mine in near


def _combined(match: str, parts: list[bool]) -> bool:
    return all(parts) if match == "all" else any(parts)
