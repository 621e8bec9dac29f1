"""Reading all rows once with the engine that deliveries use: how many there are, and a sample of every column."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from pinconnect.datasets.examination.results import (
    MAX_ROW_BYTES,
    PREVIEW_ROWS,
    SAMPLE_VALUES,
    Dialect,
    Limits,
    RefusedError,
)
from pinconnect.lib import engine

# Longer values are cut when they are sampled: identifiers are shorter, and 500 long texts would not fit into memory.
_LONGEST_VALUE = 600


@dataclass(frozen=True)
class Table:
    """Where rows stand and how to cut them: everything a reader has to be told."""

    path: Path
    compression: str
    dialect: Dialect
    has_header: bool
    width: int


@dataclass(frozen=True)
class Read:
    """rows: that could be read. filled and samples: per column, the values that are not blank and up to 500 of them."""

    rows: int
    filled: tuple[int, ...]
    samples: tuple[tuple[str, ...], ...]
    first_rows: tuple[tuple[str, ...], ...]


def read(table: Table, work: Path, limits: Limits, *, in_order: bool = False) -> Read:
    """Read the rows that fit. Raises RefusedError when they cannot be told apart at all.

    in_order: with one reader from start to end, slower. Several readers at once lose the rows after a badly quoted one.
    """
    columns = [f"c{at}" for at in range(table.width)]
    # The values with the smallest hashes are a sample of the whole file that is the same every time.
    per_column = ", ".join(
        f"count(nullif(trim({c}), '')), "
        f"arg_min(left({c}, {_LONGEST_VALUE}), hash({c}), {SAMPLE_VALUES}) FILTER (trim({c}) <> '')"
        for c in columns
    )
    first_columns = ", ".join(f"left({c}, {_LONGEST_VALUE})" for c in columns)
    source = _source(table, in_order=in_order)
    borrowed = engine.borrowed(threads=limits.threads, memory_limit_mb=limits.memory_mb, spill=work / "spill")
    with borrowed as connection:
        try:
            (counted,) = connection.execute(f"SELECT count(*), {per_column} FROM {source}").fetchall()  # noqa: S608 -- texts are quoted by _text
            first = connection.execute(f"SELECT {first_columns} FROM {source} LIMIT {PREVIEW_ROWS}").fetchall()  # noqa: S608 -- as above
        except duckdb.InvalidInputException:
            raise RefusedError("unreadable_rows") from None
        except duckdb.OutOfMemoryException:
            raise RefusedError("rows_too_large") from None
    return Read(
        rows=counted[0],
        filled=tuple(counted[1::2]),
        samples=tuple(tuple(sample or ()) for sample in counted[2::2]),
        first_rows=tuple(tuple(cell or "" for cell in row) for row in first),
    )


def _source(table: Table, *, in_order: bool) -> str:
    """Rows that do not fit are passed over here and accounted for by the accounting of lines.

    DuckDB's own list of rejects is not used: 2 million bad rows took it 40 s and 4 GB, whatever its limit.
    """
    types = ", ".join(f"'c{at}': 'VARCHAR'" for at in range(table.width))
    quote = _text(table.dialect.quote)
    return (
        f"read_csv({_text(str(table.path))}, auto_detect = false, delim = {_text(table.dialect.delimiter)}, "
        f"quote = {quote}, escape = {quote}, header = {str(table.has_header).lower()}, columns = {{{types}}}, "
        f"compression = '{table.compression or 'none'}', ignore_errors = true, "
        f"parallel = {str(not in_order).lower()}, max_line_size = {MAX_ROW_BYTES}, "
        f"buffer_size = {2 * MAX_ROW_BYTES})"
    )


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
