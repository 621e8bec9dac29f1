"""The careful way of reading a text file: one record at a time, every broken one counted under its reason.

Only files that the fast way cannot prove right come here. What is readable is written to plain files of the mapped
columns with the row's number in front, which the data engine then reads.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from audiences.pipeline.plan import CsvFormat, DiskFull, SourceBroken, is_disk_full
from audiences.pipeline.sources import Readable
from pinconnect.datasets.examination.results import is_too_long, why_unreadable

# Rows listed one by one; the counts go on.
_LISTED = 100_000
# A broken record over more lines than this, or any record over far more, is a quote that swallowed lines.
_LINES_OF_A_BROKEN_ROW = 1
_LINES_OF_A_ROW = 1000
_CHECK_EVERY = 20_000
# Fewer broken rows than this never condemn a file, however small it is.
_FEW = 10


@dataclass
class Repaired:
    """rows: all records, broken and blank ones included. broken: (row number, reason), the first 100,000 of reasons.

    files: the readable rows, in pieces, and the number of records before the first of each. blank: empty lines that are
    rows with a blank value; they are not written.
    """

    files: list[tuple[Path, int]] = field(default_factory=list)
    rows: int = 0
    blank: int = 0
    broken: list[tuple[int, str]] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)

    def refuse(self, reason: str) -> None:
        """Count the current row as broken."""
        self.reasons[reason] += 1
        if len(self.broken) < _LISTED:
            self.broken.append((self.rows, reason))


def repair(
    readable: Readable, folder: Path, most: float, check: Callable[[], None], max_broken_share: float
) -> Repaired:
    """Write the readable rows to folder as "number","value",… in files of about most characters.

    Raises SourceBroken when too much is broken.
    """
    result = Repaired()
    width = len(readable.source.format.columns)
    try:
        with ExitStack() as files, readable.path.open(encoding="utf-8-sig", errors="replace", newline="") as text:
            write, room = _writer(readable, folder, result, files), most
            for row in _records(text, readable, result):
                if result.rows % _CHECK_EVERY == 0:
                    check()
                if len(row) != width:
                    result.refuse("row_too_few_fields" if len(row) < width else "row_too_many_fields")
                    continue
                if is_too_long(row):
                    result.refuse("row_too_long")
                    continue
                if room <= 0:
                    files.close()
                    write, room = _writer(readable, folder, result, files), most
                values = [row[position] for position in readable.positions]
                room -= sum(map(len, values)) + 1
                write([result.rows, *values])
    except OSError as error:
        if is_disk_full(error):
            raise DiskFull("There is no room left on the disk for preparing this run.") from None
        raise
    _refuse_too_many(readable, result, max_broken_share)
    return result


def _writer(
    readable: Readable, folder: Path, result: Repaired, files: ExitStack
) -> Callable[[Sequence[object]], object]:
    """Writes rows to the next file, of which the one that was read last is the first, if there is one."""
    path = folder / f"clean-{readable.number}-{len(result.files)}.csv"
    result.files.append((path, max(0, result.rows - 1)))
    out = files.enter_context(path.open("w", encoding="utf-8", newline=""))
    return csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL).writerow


def _reader(text: IO[str], format: CsvFormat) -> Iterator[list[str]]:
    if not format.quote:
        return csv.reader(text, delimiter=format.delimiter, quoting=csv.QUOTE_NONE)
    return csv.reader(text, delimiter=format.delimiter, quotechar=format.quote, strict=True, skipinitialspace=True)


def _records(text: IO[str], readable: Readable, result: Repaired) -> Iterator[list[str]]:
    """Data records with result.rows already counting them; broken quotes are counted here."""
    format = readable.source.format
    reader = _reader(text, format)
    header, blank, line = format.has_header, 0, 0
    while True:
        try:
            row = next(reader, None)
            reason = None
        except csv.Error as error:
            row, reason = [], why_unreadable(error)
        if row is None:
            return
        lines, line = reader.line_num - line, reader.line_num  # type: ignore[attr-defined]
        _refuse_swallowed(readable, result, lines, broken=reason is not None)
        if header and (row or reason):
            header, blank = False, 0
        elif reason:
            result.rows += 1
            result.refuse(reason)
        elif not row:
            blank += 1
        else:
            # In a file of one column an empty line between others is a row with a blank value.
            if len(format.columns) == 1:
                result.rows += blank
                result.blank += blank
            blank = 0
            result.rows += 1
            yield row


def _refuse_swallowed(readable: Readable, result: Repaired, lines: int, *, broken: bool) -> None:
    if lines > (_LINES_OF_A_BROKEN_ROW if broken else _LINES_OF_A_ROW):
        raise SourceBroken("unclosed_quote", source=readable.number, row=result.rows + 1)


def _refuse_too_many(readable: Readable, result: Repaired, max_broken_share: float) -> None:
    broken = result.reasons.total()
    if broken and (broken == result.rows or (broken >= _FEW and broken > result.rows * max_broken_share)):
        first = result.broken[0][0]
        raise SourceBroken("too_many_broken_rows", source=readable.number, row=first, detail=f"{broken} rows")
