"""Pieces of SQL for the data engine: literals and matching, as every rule needs them."""

from __future__ import annotations

import re
from collections.abc import Iterable


def quote(text: str) -> str:
    """A string literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def one_of(name: str, texts: Iterable[str]) -> str:
    """Whether the text is one of these. A pattern, since the engine makes a join over all rows of a longer IN.

    A join is worked out for every row, also where a CASE would never have asked.
    """
    pattern = "|".join(re.escape(text) for text in sorted(texts))
    return full(name, pattern) if pattern else "false"


def one_of_sizes(number: str, sizes: Iterable[int]) -> str:
    """Whether a small number is one of these; of few, for the same reason."""
    return "(" + (" OR ".join(f"{number} = {size}" for size in sorted(sizes)) or "false") + ")"


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
