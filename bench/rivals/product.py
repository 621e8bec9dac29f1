"""The product's own way, from file to new ledger; beside the rivals, so that all are called alike."""

from __future__ import annotations

import time
from pathlib import Path

import duckdb

from bench.rivals.common import Outcome  # puts the product within reach

# isort: split
from audiences import ledger as ledgers
from audiences.pipeline.plan import ColumnMapping, CsvFormat, Plan, Source
from audiences.pipeline.prepare import prepare
from audiences.pipeline.wire import choose


def run(
    path: Path, ledger: Path | None, folder: Path, rows: int, memory_mb: int = 512
) -> tuple[Outcome, dict[str, float]]:
    """ledger: the product's own. The second value: the second at which each step began."""
    columns = (
        ColumnMapping("email", "email"),
        ColumnMapping("phone", "phone", default_country="US"),
        ColumnMapping("gaid", "gaid"),
    )
    source = Source(path, CsvFormat(("email", "phone", "gaid", "city")))
    wire = choose(column.kind for column in columns)
    plan = Plan((source,), columns, "mirror", wire, ledger=ledger, memory_limit_mb=memory_mb)
    starts: dict[str, float] = {}
    began = time.perf_counter()
    prepared = prepare(
        plan, folder / "work", progress=lambda now: starts.setdefault(now.step, time.perf_counter() - began)
    )
    starts["ledger"] = time.perf_counter() - began
    after = ledgers.advance(ledger, folder / "work", prepared.batches, folder / "ledger", memory_limit_mb=memory_mb)
    starts["end"] = time.perf_counter() - began
    outcome = Outcome(
        rows=prepared.counts.rows.read,
        adds=sum(kind.new for kind in prepared.counts.kinds.values()),
        removes=prepared.counts.removals,
        ledger=after.total,
        batches=len(prepared.batches),
        refused=sum(sum(column.invalid.values()) for column in prepared.counts.columns),
    )
    return outcome, starts


def flatten(ledger: Path, target: Path, *, width: int) -> None:
    """Copy a ledger for the rivals: part-<prefix>.parquet of (wire_kind, h)."""
    target.mkdir()
    connection = duckdb.connect(":memory:", config={"memory_limit": "1GB"})
    found = ledgers.stats(ledger)
    finest = max(width, found.width)
    prefixes = [f"{number:0{finest}x}" for number in range(16**finest)] if finest else [""]
    for prefix in prefixes:
        query = ledgers.partition(ledger, found, prefix)
        file = target / f"part-{prefix or 'all'}.parquet"
        connection.execute(f"COPY ({query}) TO '{file}' (FORMAT parquet, COMPRESSION uncompressed)")


def flatten_for_loop(flat: Path, target: Path) -> None:
    """The same ledger as the plain loop reads it; digests of another length than 32 bytes cannot occur here."""
    target.mkdir()
    reading = duckdb.connect(":memory:").execute(f"SELECT wire_kind, h FROM read_parquet('{flat}/*.parquet')")
    with (target / "all.bin").open("wb") as out:
        while rows := reading.fetchmany(100_000):
            out.write(b"".join(bytes((kind,)) + digest for kind, digest in rows))
