"""The whole examination of one file, from its bytes to what its columns hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from pinconnect.datasets import columns as kinds_of_columns
from pinconnect.datasets.examination import dialect, masks, reading, scan, walk
from pinconnect.datasets.examination.reading import Read, Table
from pinconnect.datasets.examination.results import (
    FEW_BROKEN_ROWS,
    MAX_BROKEN_SHARE,
    Asked,
    Column,
    Examined,
    Expected,
    Limits,
    RefusedError,
    Scan,
)
from pinconnect.datasets.examination.walk import Walked

_NOTHING_ASKED = Asked()
_NOTHING_EXPECTED = Expected()


def examine(
    path: Path,
    name: str,
    work: Path,
    limits: Limits,
    *,
    asked: Asked = _NOTHING_ASKED,
    expected: Expected = _NOTHING_EXPECTED,
    check: Callable[[], None] = lambda: None,
) -> Examined:
    """Find out how a file is written and what it holds. Raises RefusedError with the reason it cannot be used.

    path: a local file, not changed. name: as uploaded. work: an empty folder for copies; the caller removes it.
    check: called between the steps; may raise to stop.
    """
    scanned = scan.scan(path, name, work, asked, limits)
    check()
    table, given = _table(path, scanned, asked)
    names = dialect.names(given, header=table.has_header, count=table.width)
    found, broken, broken_rows = _read(table, scanned, work, limits)
    check()
    columns = _columns(names, found, expected, has_header=table.has_header)
    categories = [
        masks.is_category(sample) and not column.kind for sample, column in zip(found.samples, columns, strict=True)
    ]
    return Examined(
        encoding=scanned.encoding,
        compression=scanned.compression,
        dialect=table.dialect,
        has_header=table.has_header,
        columns=columns,
        rows=found.rows,
        preview=tuple(tuple(row) for row in masks.preview(found.first_rows, categories, found.samples)),
        expanded_bytes=scanned.expanded_bytes,
        copy=scanned.source if scanned.is_copy else None,
        broken=broken,
        broken_rows=broken_rows,
    )


def _table(path: Path, scanned: Scan, asked: Asked) -> tuple[Table, list[str]]:
    """How to cut the rows, and the cells of the first one."""
    compression = "" if scanned.is_copy else scanned.compression
    head = scan.read_head(scanned.source, compression, dialect.HEAD_BYTES)
    separator = scan.asked_separator(path, scanned.compression, scanned.encoding) if scanned.skipped else ""
    is_whole = scanned.source.stat().st_size <= dialect.HEAD_BYTES and not compression
    cut, rows = dialect.detect(head, is_whole=is_whole, asked=asked, separator=separator)
    if not rows:
        raise RefusedError("unreadable_rows")
    header = dialect.has_header(rows) if asked.has_header is None else asked.has_header
    if header and len(rows) == 1 and scanned.lines <= 1:
        raise RefusedError("header_only")
    width = dialect.width(rows, header=header)
    return Table(scanned.source, compression, cut, header, width), rows[0]


def _read(table: Table, scanned: Scan, work: Path, limits: Limits) -> tuple[Read, dict[str, int], Path | None]:
    """The rows, how many are broken by reason, and the list of those. Every line is explained."""
    # A blank line is a row where there is one column, but not after the last row.
    blank = scanned.blank_at_end if table.width == 1 else 0
    expected = scanned.lines - table.has_header
    if expected - blank <= 0:
        raise RefusedError("header_only")
    found = reading.read(table, work, limits)
    if found.rows == expected:
        return replace(found, rows=found.rows - blank), {}, None
    walked, broken_rows = _account(table, scanned, work)
    if walked.rows != found.rows:
        found = reading.read(table, work, limits, in_order=True)
    if walked.rows != found.rows:
        raise RefusedError("rows_disagree", detail=str(abs(walked.rows - found.rows)))
    return replace(found, rows=found.rows - blank), dict(walked.broken), broken_rows


def _account(table: Table, scanned: Scan, work: Path) -> tuple[Walked, Path | None]:
    """Explain every line, and list the broken rows. Raises RefusedError when there are too many of them."""
    listed = masks.BrokenRowsFile(work / "broken-rows.csv")
    try:
        walked = walk.walk(table, scanned.skipped, listed.add)
    finally:
        broken_rows = listed.close()
    broken = walked.broken.total()
    share = broken / max(1, walked.rows + broken)
    if share == 1 or (broken > FEW_BROKEN_ROWS and share > MAX_BROKEN_SHARE):
        raise RefusedError("too_many_broken_rows", detail=f"{broken} of {walked.rows + broken}")
    if walked.rows == 0:
        raise RefusedError("header_only")
    return walked, broken_rows


def _columns(names: tuple[str, ...], found: Read, expected: Expected, *, has_header: bool) -> tuple[Column, ...]:
    triples = zip(names, found.filled, found.samples, strict=True)
    columns = [kinds_of_columns.propose(*triple) for triple in triples]
    if not kinds_of_columns.is_usable(columns, found.samples):
        raise RefusedError("no_usable_column")
    spelled = kinds_of_columns.match_expected(names, columns, expected, has_header=has_header)
    return tuple(replace(column, name=name) for column, name in zip(columns, spelled, strict=True))
