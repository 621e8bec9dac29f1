"""Which delimiter and quote a text is written with, and whether its first row holds names."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter

from pinconnect.datasets.examination import shapes
from pinconnect.datasets.examination.results import (
    DELIMITERS,
    MAX_COLUMNS,
    MAX_NAME_LENGTH,
    Asked,
    Dialect,
    RefusedError,
)

# How much of the text decides: enough to see past a few odd rows, little enough to take no time.
HEAD_BYTES = 262_144
_ROWS = 1_000
# Below this share of rows of equal width a delimiter is an accident, such as the comma in "Doe, John".
_ENOUGH = 0.6


def detect(text: str, *, is_whole: bool, asked: Asked, separator: str = "") -> tuple[Dialect, list[list[str]]]:
    """The dialect and the first rows read with it.

    text: the beginning of the file. is_whole: there is nothing after it. separator: what the file itself named.
    """
    lines = _whole_lines(text, is_whole=is_whole)
    separator = separator if separator in DELIMITERS else ""
    choices = [asked.delimiter or separator] if asked.delimiter or separator else list(DELIMITERS)
    found = [_rate(lines, Dialect(delimiter, _quote(lines, delimiter, asked))) for delimiter in choices]
    best = max(found)
    if best[0] == 0 and len(choices) > 1:
        # One column: a delimiter that occurs nowhere lets every row be one value.
        delimiter = min(DELIMITERS, key=lambda sign: (lines.count(sign), DELIMITERS.index(sign)))
        dialect = Dialect(delimiter, _quote(lines, delimiter, asked))
    else:
        dialect = best[-1]
    return dialect, _rows(lines, dialect)


def has_header(rows: list[list[str]]) -> bool:
    """Whether the first row holds names of columns rather than data."""
    first = [cell.strip() for cell in rows[0]]
    named = [cell for cell in first if cell]
    if not named or any(shapes.is_surely_data(cell) for cell in named):
        return False
    return sum(shapes.is_likely_data(cell) for cell in named) * 2 <= len(named)


def width(rows: list[list[str]], *, header: bool) -> int:
    """How many columns there are. Raises RefusedError when header and rows do not agree, or there are too many."""
    widths = Counter(len(row) for row in (rows[1:] if header else rows) if any(cell.strip() for cell in row))
    usual = widths.most_common(1)[0][0] if widths else len(rows[0])
    found = len(rows[0]) if header else usual
    if found > MAX_COLUMNS:
        raise RefusedError("too_many_columns", detail=str(found))
    if header and usual != found and widths[found] * 2 < widths.total():
        raise RefusedError("header_width", detail=f"{found} and {usual}")
    return found


def names(first: list[str], *, header: bool, count: int) -> tuple[str, ...]:
    """A name for each column; what has none is called by its position. Raises RefusedError for doubles and data."""
    given = [" ".join(cell.split()) for cell in first] if header else []
    if any(shapes.is_surely_data(name) for name in given):
        # Names are shown in full and kept for good, so values of people may not become names.
        raise RefusedError("header_is_data")
    result = [given[at] if at < len(given) and given[at] else f"Column {at + 1}" for at in range(count)]
    for name, times in Counter(name.casefold() for name in result).items():
        if times > 1:
            shown = next(written for written in result if written.casefold() == name)
            raise RefusedError("duplicate_columns", detail=shown[:MAX_NAME_LENGTH])
    if any(len(name) > MAX_NAME_LENGTH for name in result):
        raise RefusedError("column_name_too_long")
    return tuple(result)


def _whole_lines(text: str, *, is_whole: bool) -> str:
    text = text.replace("\r\n", "\n")
    return text if is_whole or "\n" not in text else text[: text.rindex("\n") + 1]


def _rows(text: str, dialect: Dialect) -> list[list[str]]:
    """The first rows that are not blank lines. A quote that is left open ends them early."""
    source = io.StringIO(text, newline="")
    if dialect.quote:
        reader = csv.reader(source, delimiter=dialect.delimiter, quotechar=dialect.quote, skipinitialspace=True)
    else:
        reader = csv.reader(source, delimiter=dialect.delimiter, quoting=csv.QUOTE_NONE)
    rows: list[list[str]] = []
    try:
        for row in reader:
            if row:
                rows.append(row)
            if len(rows) == _ROWS:
                break
    except csv.Error:
        pass
    return rows


def _rate(text: str, dialect: Dialect) -> tuple[float, float, int, int, Dialect]:
    """(how evenly it cuts, share of cells that are clean identifiers, columns, earlier delimiters first, dialect)."""
    rows = _rows(text, dialect)
    order = -DELIMITERS.index(dialect.delimiter) if dialect.delimiter in DELIMITERS else 0
    if not rows:
        return (0, 0, 1, order, dialect)
    usual, times = Counter(len(row) for row in rows).most_common(1)[0]
    even = times / len(rows)
    if usual < 2 or even < _ENOUGH:
        return (0, 0, 1, order, dialect)
    cells = [cell for row in rows for cell in row if cell.strip()]
    clean = sum(shapes.is_surely_data(cell) for cell in cells) / max(1, len(cells))
    return (round(even, 1), round(clean, 2), usual, order, dialect)


def _quote(text: str, delimiter: str, asked: Asked) -> str:
    """The double quote, unless only single ones stand around whole fields."""
    if asked.quote is not None:
        return asked.quote
    sign = re.escape(delimiter)
    if re.search(rf'(?:^|{sign})"', text, re.MULTILINE):
        return '"'
    around = len(re.findall(rf"(?:^|(?<={sign}))'[^'\n]*'(?=$|{sign})", text, re.MULTILINE))
    opening = len(re.findall(rf"(?:^|(?<={sign}))'", text, re.MULTILINE))
    return "'" if around and around * 2 >= opening else '"'
