"""Reads single fields of Pinterest's objects strictly enough to notice a broken one, and tolerantly of what varies."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

Data = dict[str, Any]

# 2100-01-01: a later time is a number that is none.
_LATEST = 4_102_444_800


def identity(data: Data, name: str = "id") -> str:
    """A required id of digits, as text. Raises KeyError or ValueError."""
    value = data[name]
    text = str(value) if type(value) is int else value
    if not isinstance(text, str) or not (text.isascii() and text.isdigit()):
        raise ValueError(f"{name} is not an id")
    return text


def optional_identity(data: Data, name: str = "id") -> str | None:
    """An id of digits, or None when it is left out."""
    return None if data.get(name) in (None, "") else identity(data, name)


def text(data: Data, name: str) -> str:
    """A text, empty when it is left out or null."""
    value = data.get(name)
    return value if isinstance(value, str) else ""


def whole(data: Data, name: str) -> int:
    """A count; Pinterest's numbers may be floats. Zero when it is left out."""
    return optional_whole(data, name) or 0


def optional_whole(data: Data, name: str) -> int | None:
    """A whole number from a number or from its text; None when it is left out or is none."""
    value = data.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return int(float(value)) if not isinstance(value, int) else value
    except (ValueError, OverflowError):
        return None


def moment(data: Data, name: str) -> datetime | None:
    """A time from seconds since 1970; None when it is left out or cannot be one."""
    seconds = optional_whole(data, name)
    return datetime.fromtimestamp(seconds, UTC) if seconds is not None and 0 < seconds < _LATEST else None


def texts(data: Data, name: str) -> tuple[str, ...]:
    """A list of texts; empty when it is left out."""
    value = data.get(name)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def nested(data: Data, name: str) -> Data:
    """An object inside the object; empty when it is left out."""
    value = data.get(name)
    return value if isinstance(value, dict) else {}
