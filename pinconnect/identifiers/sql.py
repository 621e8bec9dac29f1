"""Pieces of SQL for the data engine: literals and matching, as every rule needs them."""

from __future__ import annotations

from collections.abc import Iterable


def quote(text: str) -> str:
    """A string literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def listed(found: Iterable[object]) -> str:
    """Literals for IN, sorted; numbers stay numbers."""
    return ", ".join(str(one) if isinstance(one, int) else quote(str(one)) for one in sorted(found, key=str))


def full(name: str, pattern: str) -> str:
    """Whether the whole text matches an RE2 pattern."""
    return f"regexp_full_match({name}, {quote(pattern)})"


def starts(name: str, pattern: str) -> str:
    """Whether the text begins with what an RE2 pattern matches."""
    return f"regexp_matches({name}, {quote(f'^(?:{pattern})')})"


def when(*branches: tuple[str, str], otherwise: str = "NULL") -> str:
    """CASE over (condition, result). Each condition is only worked out for what no earlier one has taken.

    That is also why conditions are nested rather than joined by AND: the engine reorders those, dear ones first.
    """
    tests = " ".join(f"WHEN {condition} THEN {result}" for condition, result in branches)
    return f"CASE {tests} ELSE {otherwise} END"
