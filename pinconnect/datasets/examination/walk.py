"""The accounting of lines: every line of a file is the header, part of a row, part of a broken row, or blank.

Only run when the quick count leaves lines unexplained. It reads line by line with Python's csv module, so it also
checks the quick count with a second reader, and it finds the fault no count shows: an open quote that swallows rows.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain

from pinconnect.datasets.examination import scan, shapes
from pinconnect.datasets.examination.reading import Table
from pinconnect.datasets.examination.results import MAX_ROW_BYTES, BrokenRow, RefusedError, is_too_long, why_unreadable

_BOM = "\ufeff"


@dataclass
class Walked:
    """rows: that can be read. broken: how many rows cannot, by reason. blank: lines between rows."""

    rows: int = 0
    blank: int = 0
    broken: Counter[str] = field(default_factory=Counter)


class _Lines:
    """Lines of a text with their numbers, one at a time."""

    def __init__(self, table: Table) -> None:
        self._source = _texts(table)
        self.number = 0
        self.taken: list[str] = []
        self._length = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._source)
        self.number += 1
        self.taken.append(line)
        self._length += len(line)
        if self._length > MAX_ROW_BYTES and len(self.taken) > 1:
            raise _RowTooLongError
        return line

    def forget(self) -> None:
        """The lines taken so far belong to a row that is finished."""
        self.taken.clear()
        self._length = 0


class _RowTooLongError(Exception):
    pass


def walk(table: Table, skipped: int, keep: Callable[[BrokenRow], None]) -> Walked:
    """Go through all lines; keep gets every broken row as it is found.

    skipped: lines of the original before the first one here, for the numbers that are told.
    Raises RefusedError for a quote that swallows lines.
    """
    found, lines = Walked(), _Lines(table)
    delimiter, quote, last = table.dialect.delimiter, table.dialect.quote, table.width - 1
    is_first = table.has_header
    for line in lines:
        start = lines.number
        text = line.rstrip("\r\n")
        if not text and not (table.width == 1 and not is_first):
            found.blank += 1
        elif quote and quote in text:
            _quoted(table, line, lines, start + skipped, found, keep, is_header=is_first)
            is_first = False
        elif is_first:
            is_first = False
        elif text.count(delimiter) == last and not is_too_long((text,)):
            found.rows += 1
        else:
            reason = _width_reason(text.count(delimiter) - last) or "row_too_long"
            found.broken[reason] += 1
            keep(BrokenRow(start + skipped, reason, text))
        lines.forget()
    return found


def _quoted(
    table: Table,
    line: str,
    lines: _Lines,
    number: int,
    found: Walked,
    keep: Callable[[BrokenRow], None],
    *,
    is_header: bool,
) -> None:
    """Read the row that begins with a line with quotes in it, together with the lines it goes on over."""
    delimiter, quote = table.dialect.delimiter, table.dialect.quote
    # As DuckDB does: blanks before an opening quote and after the last closing one are not part of the value.
    if line.rstrip("\r\n").endswith(" "):
        line = re.sub(rf"(?<={quote}) +(?=\r?\n?$)", "", line)
    reader = csv.reader(chain([line], lines), delimiter=delimiter, quotechar=quote, strict=True, skipinitialspace=True)
    reason = ""
    try:
        cells = next(reader)
    except (csv.Error, _RowTooLongError) as error:
        if len(lines.taken) > 1:
            raise RefusedError("unclosed_quote", line=number) from None
        reason = why_unreadable(error)
    else:
        if len(lines.taken) > 1 and any(_swallows(cell, table) for cell in cells):
            raise RefusedError("unclosed_quote", line=number)
        reason = _width_reason(len(cells) - table.width) or ("row_too_long" if is_too_long(cells) else "")
    if is_header:
        return
    if reason:
        found.broken[reason] += 1
        keep(BrokenRow(number, reason, "".join(lines.taken).rstrip("\r\n")))
    else:
        found.rows += 1


def _width_reason(surplus: int) -> str:
    if surplus == 0:
        return ""
    return "row_too_many_fields" if surplus > 0 else "row_too_few_fields"


def _swallows(cell: str, table: Table) -> bool:
    """Whether a value over several lines is really whole rows that an open quote has taken in.

    A row that begins inside a value and ends inside it brings all its delimiters along; a postal address may do the
    same by chance, but it holds no identifiers.
    """
    newlines = cell.count("\n")
    if newlines == 0 or cell.count(table.dialect.delimiter) < newlines * (table.width - 1):
        return False
    parts = cell.replace("\n", table.dialect.delimiter).split(table.dialect.delimiter)
    return any(shapes.is_surely_data(part.strip(table.dialect.quote + " \r")) for part in parts)


def _texts(table: Table) -> Iterator[str]:
    rest, is_first = b"", True
    for data in scan.chunks(table.path, table.compression):
        whole, newline, rest = (rest + data).rpartition(b"\n")
        if len(rest) > 8 * MAX_ROW_BYTES:
            raise RefusedError("rows_too_large")
        text = (whole + newline).decode("utf-8")
        if is_first and text:
            text, is_first = text.removeprefix(_BOM), False
        # str.splitlines would also split at signs that are part of a value, such as a form feed.
        pieces = text.split("\n")
        yield from (piece + "\n" for piece in pieces[:-1])
    if rest:
        text = rest.decode("utf-8")
        yield text.removeprefix(_BOM) if is_first else text
