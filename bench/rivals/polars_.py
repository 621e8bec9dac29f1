"""Polars with polars-hash: expressions for what patterns decide, Python for the other distinct values."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import polars_hash as plh

from bench.rivals import common
from bench.rivals.common import COLUMNS, Outcome, count_batches, judge_all

_WHITE = " \t\r\n"


def _full(name: str, pattern: str) -> pl.Expr:
    return pl.col(name).str.contains(f"^(?:{pattern})$")


def _decided(kind: str) -> tuple[list[pl.Expr], pl.Expr, pl.Expr]:
    """(columns to add first, what the patterns decide, the text to hash) over the trimmed column t."""
    if kind == "email":
        short = pl.col("t").str.len_bytes() <= 64
        return [], short & _full("t", common.EMAIL), pl.col("t").str.to_lowercase()
    if kind == "gaid":
        return [], _full("t", common.MAID) & (pl.col("t") != common.ZERO_MAID), pl.col("t").str.to_lowercase()
    shaped = pl.col("t").str.replace_all(f"[{re.escape(common.SEPARATORS)}]", "").alias("s")
    abroad, home = _full("s", common.PHONE), _full("s", common.NATIONAL)
    honest = ~pl.col("s").str.contains(common.REPEATED)
    text = pl.when(abroad).then(pl.col("s").str.slice(1)).otherwise(pl.lit("1") + pl.col("s"))
    return [shaped], (abroad | home) & honest, text


def _column(path: Path, name: str, kind: str, country: str | None) -> tuple[pl.DataFrame, int]:
    """Distinct digests of one column, and how many distinct values are no identifier."""
    first, decided, text = _decided(kind)
    source = pl.scan_csv(path, infer_schema=False).select(pl.col(name).str.strip_chars(_WHITE).alias("t"))
    source = source.filter(pl.col("t") != "").with_columns(*first)
    flagged = source.with_columns(hashed=_full("t", common.HASHED), decided=decided, text=text).collect(
        engine="streaming"
    )
    plain = flagged.lazy().filter(pl.col("decided") & ~pl.col("hashed"))
    digests = plain.select(h=plh.col("text").chash.sha2_256().str.decode("hex"))
    ready = flagged.lazy().filter("hashed").select(h=pl.col("t").str.to_lowercase().str.decode("hex"))
    odd = flagged.lazy().filter(~pl.col("decided") & ~pl.col("hashed")).select("t").unique().collect()["t"]
    accepted = [digest for _, digest in judge_all(kind, country, odd)]
    verdicts = pl.LazyFrame({"h": accepted}, schema={"h": pl.Binary})
    found = pl.concat([digests, ready, verdicts]).unique().collect(engine="streaming")
    return found, len(odd) - len(accepted)


def run(path: Path, ledger: Path | None, folder: Path, rows: int) -> Outcome:
    """ledger: a folder of Parquet files (wire_kind, h)."""
    outcome = Outcome(rows=pl.scan_csv(path, infer_schema=False).select(pl.len()).collect(engine="streaming").item())
    for label in ("adds", "removes", "ledger"):
        (folder / label).mkdir()
    for name, kind, number, country in COLUMNS:
        found, refused = _column(path, name, kind, country)
        outcome.refused += refused
        known = pl.DataFrame({"h": []}, schema={"h": pl.Binary})
        if ledger:
            scanned = pl.scan_parquet(ledger / "*.parquet").filter(pl.col("wire_kind") == number)
            known = scanned.select("h").collect(engine="streaming")
        frames = {
            "adds": found.join(known, on="h", how="anti").sort("h"),
            "removes": known.join(found, on="h", how="anti").sort("h"),
            "ledger": found.sort("h"),
        }
        for label, frame in frames.items():
            frame.write_parquet(folder / label / f"{kind}.parquet", compression="uncompressed")
            setattr(outcome, label, getattr(outcome, label) + len(frame))
    outcome.batches = count_batches(outcome.adds, outcome.removes)
    return outcome
