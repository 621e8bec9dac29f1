"""What was refused: counts by reason, masked examples, and a list to download."""

# SQL is put together from our own expressions and names; every value in it went through quote().
# ruff: noqa: S608

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from heapq import merge
from itertools import islice
from pathlib import Path
from typing import Protocol

from audiences.pipeline.judge import ColumnVerdicts
from audiences.pipeline.plan import ColumnCounts, Example, Plan
from audiences.pipeline.session import Row, Session
from audiences.pipeline.stage import Staged
from pinconnect.identifiers.columnar import quote
from pinconnect.identifiers.masking import mask

# Longer lists are cut; the counts are always complete.
MOST_LINES = 100_000
_EXAMPLES = 5
# Refused values among which different examples are looked for.
_LOOKED_AT = 200
_BLOCK = 50_000
# This works beside threads that need the interpreter for a moment now and then. Each time they would wait for the five
# milliseconds after which it changes hands by itself: without pauses a comparison began 0.3 s late.
_LINES_AT_ONCE = 200
_PAUSE_S = 0.000_2
HEADER = ("file", "row", "column", "kind", "reason", "value")
# Spreadsheets run cells that start so as formulas.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
# (row over all sources, number of the column, reason, raw value)
Refused = tuple[int, int, str, str]
_QUOTED = re.compile(r'[",\r\n]')


class Engine(Protocol):
    """A session or a lane."""

    def run(self, sql: str) -> list[Row]: ...


def list_refused(
    plan: Plan,
    staged: Staged,
    verdicts: Sequence[ColumnVerdicts],
    columns: Sequence[ColumnCounts],
    target: Path,
    engine: Engine,
) -> tuple[Example, ...]:
    """Write the list for download to target, and find a few examples to show."""
    listed = refused(staged, verdicts, engine)
    shown = examples(plan, staged, columns, listed, verdicts, engine)
    write(plan, staged, listed, target)
    return shown


def count_columns(
    plan: Plan, staged: Staged, verdicts: Sequence[ColumnVerdicts], session: Session
) -> tuple[ColumnCounts, ...]:
    """Per mapped column: values = blank + usable + invalid by reason. Broken and left out rows have none."""
    readable = staged.rows - staged.broken.total() - staged.left_out
    found = []
    for column, one in zip(plan.columns, verdicts, strict=True):
        counted = Counter(one.refused)
        if one.files:
            query = f"SELECT reason, sum(n) FROM read_parquet({quote(one.files)}) WHERE h IS NULL GROUP BY 1"
            counted.update({reason: int(size) for reason, size in session.run(query)})
        reasons = dict(sorted(counted.items()))
        # The rule trims more than SQL does, so some values turn out to be blank only there.
        blank = readable - one.values + reasons.pop("blank", 0)
        usable = readable - blank - sum(reasons.values())
        found.append(ColumnCounts(column.column, column.kind, readable, blank, usable, reasons))
    return tuple(found)


def count_blank_rows(plan: Plan, staged: Staged, verdicts: Sequence[ColumnVerdicts], session: Session) -> int:
    """Rows that match and in which every mapped value is blank."""
    empty = staged.tally.empty + sum(source.blank for source in staged.sources)
    found = [_blanks(one, session) for one in verdicts]
    if not any(found):
        return empty
    layout = staged.layout
    tests = [layout.has_left, f"p >= {layout.odd}"]
    for index, blanks in enumerate(found):
        blank = f"(r{index} IS NULL OR r{index} IN ({blanks}))" if blanks else f"r{index} IS NULL"
        tests.append(f"a{index} IS NULL AND {blank}")
    names = ["p", *(f"{letter}{index}" for index in range(len(verdicts)) for letter in "ar")]
    return empty + session.value(f"SELECT count(*) FROM ({layout.rest(names)}) WHERE {' AND '.join(tests)}")


def _blanks(one: ColumnVerdicts, session: Session) -> str | None:
    """A query for the values of a column that only the rule found to be blank, if there are any."""
    if one.files is None:
        return None
    query = f"SELECT raw FROM read_parquet({quote(one.files)}) WHERE reason = 'blank'"
    return query if session.run(f"{query} LIMIT 1") else None


def examples(
    plan: Plan,
    staged: Staged,
    columns: Sequence[ColumnCounts],
    listed: Sequence[Refused],
    verdicts: Sequence[ColumnVerdicts],
    engine: Engine,
) -> tuple[Example, ...]:
    """Up to five different ones per column and reason, those that come first. listed: what refused() found."""
    found: dict[tuple[int, str], dict[str, int]] = {}
    left = {(index, reason): size for index, one in enumerate(columns) for reason, size in one.invalid.items()}
    for rid, index, reason, raw in listed:
        if (key := (index, reason)) in left:
            values = found.setdefault(key, {})
            values.setdefault(raw, rid)
            left[key] -= 1
            if len(values) == _EXAMPLES or not left[key]:
                del left[key]
        elif not left:
            break
    # The list ended before there were enough of these.
    for index, reason in left:
        values = found.setdefault((index, reason), {})
        for rid, raw in _first_ones(index, reason, staged, verdicts[index], engine):
            if len(values) < _EXAMPLES:
                values.setdefault(raw, rid)
    shown = []
    for (index, reason), values in sorted(found.items()):
        column = plan.columns[index]
        for raw, rid in values.items():
            shown.append(Example(*locate(staged, rid), column.column, column.kind, reason, mask(raw)))
    return tuple(shown)


def _first_ones(index: int, reason: str, staged: Staged, one: ColumnVerdicts, engine: Engine) -> list[tuple[int, str]]:
    """(rid, raw) of the first refused values with a reason, in order."""
    found: list[tuple[int, str]] = []
    if reason in one.refused:
        found += engine.run(
            f"SELECT o.rid, o.raw FROM (SELECT unnest(arg_min({{'rid': rid, 'raw': r{index}}}, rid, {_LOOKED_AT})) "
            f"AS o FROM ({staged.layout.rest([f'e{index}', f'r{index}'])}) WHERE e{index} = {quote(reason)})"
        )
    if one.files:
        found += engine.run(
            f"SELECT first, raw FROM read_parquet({quote(one.files)}) "
            f"WHERE h IS NULL AND reason = {quote(reason)} ORDER BY first LIMIT {_EXAMPLES}"
        )
    return sorted(found)


def locate(staged: Staged, rid: int) -> tuple[int, int]:
    """(number of the source, row within it), both from 1."""
    for number, source in enumerate(staged.sources, start=1):
        if rid <= source.offset + source.rows:
            return number, rid - source.offset
    raise ValueError("No such row.")


def refused(staged: Staged, verdicts: Sequence[ColumnVerdicts], engine: Engine) -> list[Refused]:
    """The first 100,000 refused values in row order."""
    parts = []
    end = _end_of_list(staged, verdicts, engine)
    for index, one in enumerate(verdicts):
        rows = f"SELECT * FROM ({staged.layout.rest([f'r{index}', f'e{index}'])}) WHERE rid <= {end}"
        if one.refused:
            parts.append(
                f"SELECT rid, {index} AS i, e{index} AS reason, r{index} AS raw FROM ({rows}) "
                f"WHERE e{index} IS NOT NULL"
            )
        if one.files:
            parts.append(
                f"SELECT rid, {index} AS i, reason, raw FROM ({rows}) JOIN read_parquet({quote(one.files)}) v "
                f"ON r{index} = v.raw WHERE v.h IS NULL AND reason <> 'blank'"
            )
    if not parts:
        return []
    return engine.run(f"{' UNION ALL '.join(parts)} ORDER BY rid, i LIMIT {MOST_LINES}")


def write(plan: Plan, staged: Staged, found: Sequence[Refused], target: Path) -> None:
    """What refused() found and broken rows, the first 100,000 in row order, masked, as CSV that no spreadsheet runs."""
    lines = iter(found)
    if any(source.broken for source in staged.sources):
        lines = islice(merge(_broken(staged), found), MOST_LINES)
    line = _Lines(plan, staged)
    with target.open("w", encoding="utf-8", newline="") as out:
        out.write(f"{','.join(HEADER)}\r\n")
        while some := "".join([line(*one) for one in islice(lines, _LINES_AT_ONCE)]):
            out.write(some)
            time.sleep(_PAUSE_S)


class _Lines:
    """Makes the lines of refused values, called in row order."""

    def __init__(self, plan: Plan, staged: Staged) -> None:
        # What is said of a column and a reason is said often.
        self._named = lru_cache(maxsize=4096)(lambda index, reason: _named(plan, index, reason))
        self._places = enumerate(staged.sources, start=1)
        self._number = self._offset = self._last = 0

    def __call__(self, rid: int, index: int, reason: str, raw: str) -> str:
        while rid > self._last:
            self._number, source = next(self._places)
            self._offset, self._last = source.offset, source.offset + source.rows
        return f"{self._number},{rid - self._offset},{self._named(index, reason)},{_cell(mask(raw))}\r\n"


def _named(plan: Plan, index: int, reason: str) -> str:
    """The cells for column, kind and reason; a broken row has the index -1."""
    column = plan.columns[index] if index >= 0 else None
    return ",".join(map(_cell, (column.column, column.kind, reason) if column else ("", "", reason)))


def _cell(text: str) -> str:
    """A cell as CSV writes it, safe for spreadsheets."""
    text = safe_cell(text)
    return '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text


def safe_cell(text: str) -> str:
    """Text that a spreadsheet shows and does not run."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _broken(staged: Staged) -> Iterator[Refused]:
    for source in staged.sources:
        for row, reason in source.broken:
            yield source.offset + row, -1, reason, ""


def _end_of_list(staged: Staged, verdicts: Sequence[ColumnVerdicts], engine: Engine) -> int:
    """A row up to which enough values were refused to fill the list, so that the rest need not be sorted."""
    names = [f"e{index}" for index in range(len(verdicts))]
    if sum(sum(one.refused.values()) for one in verdicts) > MOST_LINES:
        sums = " + ".join(f"count({name})" for name in names)
        found = 0
        for block, refused in engine.run(
            f"SELECT rid // {_BLOCK} AS block, {sums} FROM ({staged.layout.rest(names)}) GROUP BY block ORDER BY block"
        ):
            found += refused
            if found >= MOST_LINES:
                return int(block + 1) * _BLOCK
    return staged.rows
