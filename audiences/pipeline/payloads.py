"""The records of any range of a prepared sequence, ready to be sent; the cost is that of the range, not of the file."""

# SQL is put together from our own expressions and names.
# ruff: noqa: S608

from __future__ import annotations

from pathlib import Path

import duckdb

from audiences.pipeline.plan import PipelineError
from audiences.pipeline.sequences import read_index
from pinconnect.pinterest.types import Payload


class PayloadMissing(PipelineError):  # noqa: N818 - says what is the matter
    """The working directory does not hold the whole range any more; preparing again brings it back."""


def read(workdir: Path, operation: str, first: int, count: int) -> Payload:
    """Entries first .. first + count - 1 of the ADD or REMOVE sequence. Raises PayloadMissing."""
    try:
        index = read_index(workdir)
    except (OSError, ValueError, KeyError, TypeError):
        raise PayloadMissing("The prepared data is not there.") from None
    entries = index.entries(operation, first, first + count)
    text = "lower(hex(h))" if index.shape == "records" else index.row_text(operation)
    connection = duckdb.connect(":memory:", config={"threads": 1})
    try:
        found = connection.execute(f"SELECT count(*), string_agg({text}, ',' ORDER BY n) FROM ({entries})").fetchone()
    except duckdb.Error:
        raise PayloadMissing("The prepared data cannot be read.") from None
    finally:
        connection.close()
    if found is None or found[0] != count:
        raise PayloadMissing("The prepared data does not hold this range.")
    if index.shape == "records":
        return Payload(records=found[1], rows_json=None, count=count)
    return Payload(records=None, rows_json=f"[{found[1]}]", count=count)
