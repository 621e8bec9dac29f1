"""What may be shown of a file: values of people are masked, and broken rows keep their shape but not their letters."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path

from pinconnect.datasets.examination.results import LISTED_BROKEN_ROWS, BrokenRow
from pinconnect.identifiers import masking, reasons

# A column of few short codes that repeat this much names groups, such as a country or a tier. Words are masked even
# then: a column of first names repeats too.
_FEW = 20
_REPEATS = 5
_CODE = re.compile(r"[^\W_]{0,3}|true|false|yes|no", re.IGNORECASE)
_LONGEST_TEXT = 300
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_LETTER = re.compile(r"[^\W\d_]")
_DIGIT = re.compile(r"\d")


def is_category(sample: Sequence[str]) -> bool:
    """Whether a column's values may be shown as they are: few, often repeated, and each at most a short code."""
    distinct = set(sample)
    few = len(distinct) <= _FEW and len(sample) >= _REPEATS * len(distinct)
    return few and all(_CODE.fullmatch(value) for value in distinct)


def preview(
    rows: Sequence[Sequence[str]], categories: Sequence[bool], samples: Sequence[Sequence[str]]
) -> list[list[str]]:
    """The rows with every value masked, but for the known values of columns that name groups."""
    known = [
        frozenset(sample) if is_plain else frozenset() for is_plain, sample in zip(categories, samples, strict=True)
    ]
    return [
        [cell if cell in shown else masking.mask(cell) for cell, shown in zip(row, known, strict=True)] for row in rows
    ]


def examples(sample: Sequence[str], count: int = 3) -> tuple[str, ...]:
    """A few different masked values."""
    return tuple(dict.fromkeys(masking.mask(value) for value in sample[: count * 5] if value.strip()))[:count]


def shape_of(text: str) -> str:
    """The text with every letter as x and every digit as 0, so that only its punctuation can be read."""
    shown = text[:_LONGEST_TEXT] + ("…" if len(text) > _LONGEST_TEXT else "")
    shown = "".join(sign if sign.isprintable() else ("⏎" if sign == "\n" else "·") for sign in shown)
    return _DIGIT.sub("0", _LETTER.sub("x", shown))


def formula_safe(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return "'" + text if text.startswith(_FORMULA) else text


class BrokenRowsFile:
    """A CSV of the first 10,000 broken rows: line, reason, what to do, and the shape of the row."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.listed = 0
        self._file = path.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file)
        self._writer.writerow(["line", "reason", "what to do", "row (letters shown as x, digits as 0)"])

    def add(self, row: BrokenRow) -> None:
        self.listed += 1
        if self.listed <= LISTED_BROKEN_ROWS:
            words = reasons.get(row.reason)
            self._writer.writerow([row.line, words.title, words.action, formula_safe(shape_of(row.text))])

    def close(self) -> Path | None:
        """The finished file, or None when nothing was broken."""
        self._file.close()
        if self.listed:
            return self._path
        self._path.unlink()
        return None
