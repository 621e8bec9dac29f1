"""What was refused: counts by reason, masked examples, and a list to download."""

# SQL is put together from our own expressions and names; every value in it went through quote().
# ruff: noqa: S608

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import islice
from pathlib import Path

from audiences.pipeline.judge import ColumnVerdicts
from audiences.pipeline.plan import ColumnCounts, Example, Plan
from audiences.pipeline.session import Session
from audiences.pipeline.stage import Staged
from pinconnect.identifiers.columnar import quote
from pinconnect.identifiers.masking import mask

# Longer lists are cut; the counts are always complete.
MOST_LINES = 100_000
_EXAMPLES = 5
HEADER = ("file", "row", "column", "kind", "reason", "value")
# Spreadsheets run cells that start so as formulas.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def count_columns(
    plan: Plan, staged: Staged, verdicts: Sequence[ColumnVerdicts], session: Session
) -> tuple[ColumnCounts, ...]:
    """Per mapped column: values = blank + usable + invalid by reason. Broken and left out rows have none."""
    readable = staged.rows - staged.broken.total() - staged.left_out
    found = []
    for column, one in zip(plan.columns, verdicts, strict=True):
        reasons: dict[str, int] = {}
        if one.files:
            query = f"SELECT reason, sum(n) FROM read_parquet({quote(one.files)}) WHERE h IS NULL GROUP BY 1 ORDER BY 1"
            reasons = {reason: int(size) for reason, size in session.run(query)}
        # The rule trims more than SQL does, so some values turn out to be blank only there.
        blank = readable - one.values + reasons.pop("blank", 0)
        usable = readable - blank - sum(reasons.values())
        found.append(ColumnCounts(column.column, column.kind, readable, blank, usable, reasons))
    return tuple(found)


def count_blank_rows(plan: Plan, staged: Staged, verdicts: Sequence[ColumnVerdicts], session: Session) -> int:
    """Rows that match and in which every mapped value is blank."""
    names = [f"{letter}{index}" for index in range(len(verdicts)) for letter in "dr"]
    tests = ["NOT left_out"] if plan.row_filter else []
    names += ["left_out"] if plan.row_filter else []
    for index, one in enumerate(verdicts):
        blank = f"r{index} IS NULL"
        if one.files:
            files = quote(one.files)
            blank = f"({blank} OR r{index} IN (SELECT raw FROM read_parquet({files}) WHERE reason = 'blank'))"
        tests.append(f"d{index} IS NULL AND {blank}")
    blank_rows = session.value(f"SELECT count(*) FROM ({staged.sql(names)}) WHERE {' AND '.join(tests)}")
    return blank_rows + sum(source.blank for source in staged.sources)


def examples(plan: Plan, staged: Staged, verdicts: Sequence[ColumnVerdicts], session: Session) -> tuple[Example, ...]:
    """Up to five per column and reason, those that come first."""
    found = []
    for column, one in zip(plan.columns, verdicts, strict=True):
        if not one.files:
            continue
        rows = session.run(
            f"SELECT reason, raw, first FROM read_parquet({quote(one.files)}) WHERE h IS NULL AND reason <> 'blank' "
            f"QUALIFY row_number() OVER (PARTITION BY reason ORDER BY first) <= {_EXAMPLES} ORDER BY reason, first"
        )
        for reason, raw, first in rows:
            number, row = locate(staged, first)
            found.append(Example(number, row, column.column, column.kind, reason, mask(raw)))
    return tuple(found)


def locate(staged: Staged, rid: int) -> tuple[int, int]:
    """(number of the source, row within it), both from 1."""
    for number, source in enumerate(staged.sources, start=1):
        if rid <= source.offset + source.rows:
            return number, rid - source.offset
    raise ValueError("No such row.")


def write(plan: Plan, staged: Staged, verdicts: Sequence[ColumnVerdicts], target: Path, session: Session) -> Path:
    """The first 100,000 refused values and broken rows in row order, masked, as CSV that no spreadsheet runs."""
    refused = _refused(plan, staged, verdicts, session)
    with target.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(HEADER)
        for rid, index, reason, raw in islice(merge(_broken(staged), refused), MOST_LINES):
            number, row = locate(staged, rid)
            column = plan.columns[index] if index >= 0 else None
            names = (column.column, column.kind) if column else ("", "")
            writer.writerow([number, row, *(safe_cell(text) for text in (*names, reason, mask(raw)))])
    return target


def safe_cell(text: str) -> str:
    """Text that a spreadsheet shows and does not run."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _broken(staged: Staged) -> Iterator[tuple[int, int, str, str]]:
    for source in staged.sources:
        for row, reason in source.broken:
            yield source.offset + row, -1, reason, ""


def _refused(
    plan: Plan, staged: Staged, verdicts: Sequence[ColumnVerdicts], session: Session
) -> list[tuple[int, int, str, str]]:
    parts = [
        f"SELECT rid, {index} AS i, reason, raw FROM ({staged.sql([f'r{index}'])}) "
        f"JOIN read_parquet({quote(one.files)}) v ON r{index} = v.raw WHERE v.h IS NULL AND reason <> 'blank'"
        for index, one in enumerate(verdicts)
        if one.files
    ]
    if not parts:
        return []
    return session.run(f"{' UNION ALL '.join(parts)} ORDER BY rid, i LIMIT {MOST_LINES}")
