"""SQL that reads text strictly and decides about its values as columns, as far as that can be done so."""

# SQL is put together from our own expressions and names; every value in it went through quote().
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from audiences.pipeline import filtered, halves
from audiences.pipeline.layout import Layout
from audiences.pipeline.plan import Plan, Source
from audiences.pipeline.segments import Segment
from pinconnect.datasets.examination.results import MAX_ROW_BYTES
from pinconnect.identifiers.columnar import expressions, quote

# With less than some forty million bytes at once reading text takes a third longer. Two are in use at a time.
_LARGE_BUFFERS, _LARGE_BUFFERS_FROM_MB = ", buffer_size = 48000000", 512

# A row that is not too long may be here: its number comes in front, and every quote in it is doubled.
_CLEAN_LINES = f", max_line_size = {3 * MAX_ROW_BYTES}, buffer_size = {16 * MAX_ROW_BYTES}"


def read_clean(path: Path, positions: Sequence[int]) -> str:
    """SQL for the rows of a file that was repaired: n and c<position> for each position."""
    names = ["n", *(f"c{position}" for position in positions)]
    return _read_csv(path, names, ",", '"', "false", _CLEAN_LINES)


def _read_csv(path: Path, names: Sequence[str], delimiter: str, quoted: str, header: str, options: str = "") -> str:
    """Strict and without guessing: any row that does not fit is an error, not a loss."""
    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in names)
    return (
        f"read_csv({quote(str(path))}, auto_detect = false, strict_mode = true, delim = {quote(delimiter)}, "
        f"quote = {quote(quoted)}, escape = {quote(quoted)}, header = {header}, columns = {{{columns}}}{options})"
    )


def read_into_table(segment: Segment, source: Source, positions: Sequence[int], memory_limit_mb: int) -> str:
    """A statement that makes the table raw of the mapped columns and those that the filter asks about: c<position>."""
    format = source.format
    names = [f"c{position}" for position in range(len(format.columns))]
    options = f", max_line_size = {MAX_ROW_BYTES}"
    if memory_limit_mb >= _LARGE_BUFFERS_FROM_MB:
        options += _LARGE_BUFFERS
    header = "true" if segment.has_header else "false"
    columns = ", ".join(f"c{position}" for position in sorted(set(positions)))
    text = _read_csv(segment.path, names, format.delimiter, format.quote, header, options)
    return f"CREATE OR REPLACE TEMP TABLE raw AS SELECT {columns} FROM {text}"


def decided(plan: Plan, reading: str, positions: Sequence[int], offset: int) -> str:
    """A query for rid and, per mapped column, a, b, r and e as stage.py says, and the filter's marks.

    reading: rows with n and c<position>. offset: rows of all sources before. Nested, so that each expression is worked
    out once.
    """
    raw: list[str] = []
    clean: list[str] = []
    shaped: list[str] = []
    digests: list[str] = []
    kept: list[str] = []
    source = filtered.reading(plan, reading, positions)
    for index, (column, position) in enumerate(zip(plan.columns, positions, strict=False)):
        found = expressions(
            column.kind,
            column.treatment,
            column.default_country,
            column=f"w{index}",
            clean=f"c{index}",
            shaped=f"s{index}",
        )
        raw.append(f"{source.value.format(f'c{position}')} AS w{index}")
        clean.append(f"{found.clean} AS c{index}")
        shaped += [f"{found.shaped} AS s{index}", f"{found.blank} AS l{index}"]
        digests.append(f"{found.digest} AS d{index}")
        is_odd = f"CASE WHEN d{index} IS NULL THEN CASE WHEN NOT l{index} THEN "
        kept.append(halves.split(f"d{index}", str(index), only_sha256=column.treatment != "any_hash"))
        kept += [f"{is_odd}w{index} END END AS r{index}", f"{is_odd}{found.refusal} END END AS e{index}"]
    kept += source.marks
    raw.extend(source.marks)
    return (
        f"SELECT {offset} + n AS rid, {', '.join(kept)} FROM (SELECT *, {', '.join(digests)} FROM (SELECT *, "
        f"{', '.join(shaped)} FROM (SELECT *, {', '.join(clean)} FROM (SELECT n, {', '.join(raw)} "
        f"FROM {source.rows}))))"
    )


def is_odd(layout: Layout) -> str:
    """SQL for whether the rule has to say something about a row, or the row may be of an erased person."""
    tests = [f"(r{name} IS NOT NULL AND e{name} IS NULL)" for name in layout.names]
    if tombstones := layout.plan.holds_back:
        tests.append(layout.is_erased(tombstones))
    return " OR ".join(tests)
