"""What the rivals share: strict patterns that decide plain values, and the product's own rule for all others.

So every rival but the plain loop has to come to the same identifiers as the product, and is checked for it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

BATCH = 10_000
# Column of the file, kind, wire number in the ledger, default country.
COLUMNS = (("email", "email", 1, None), ("phone", "phone", 2, "US"), ("gaid", "gaid", 3, None))

# Only what the product's rule would decide the same way; RE2 syntax.
HASHED = "[0-9A-Fa-f]{64}"
EMAIL = r"[a-zA-Z0-9_+-]+(?:\.[a-zA-Z0-9_+-]+)*@(?:[a-zA-Z0-9]+\.)+[a-zA-Z]{2,}"
MAID = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
ZERO_MAID = "00000000-0000-0000-0000-000000000000"
PHONE = r"\+1[2-9][0-9]{9}|\+44[0-9]{10}"
NATIONAL = "[2-9][0-9]{2}[2-9][0-9]{6}"
SEPARATORS = " ().-/"
# Numbers that end in one digit repeated may be made up; the rule decides.
REPEATED = "(?:" + "|".join(f"{digit}{{5}}" for digit in range(10)) + ")$"


@dataclass
class Outcome:
    """What a rival came to. adds and removes: identifiers. refused: distinct values that are no identifier."""

    rows: int = 0
    adds: int = 0
    removes: int = 0
    ledger: int = 0
    batches: int = 0
    refused: int = field(default=0)


def judge_all(kind: str, country: str | None, values: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """(value, digest) for each odd value that the product's rule accepts."""
    from pinconnect.identifiers.rules import judge

    for value in values:
        verdict = judge(kind, value, "auto", country)
        if verdict.digest is not None:
            yield value, verdict.digest


def count_batches(adds: int, removes: int) -> int:
    """Calls for so many identifiers."""
    return -(-adds // BATCH) + -(-removes // BATCH)


def partitions(rows: int) -> tuple[str, ...]:
    """Prefixes of a digest that keep each comparison small: none below two million rows, sixteen above."""
    return ("",) if rows < 2_000_000 else tuple("0123456789abcdef")
