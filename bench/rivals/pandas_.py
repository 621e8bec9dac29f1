"""pandas: columns as strings, one hash call for each value, sets for the comparison."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pandas as pd

from bench.rivals import common
from bench.rivals.common import COLUMNS, Outcome, count_batches, judge_all

_REPEATED = re.compile(common.REPEATED)


def _sha(texts: pd.Series) -> list[bytes]:
    return [hashlib.sha256(text.encode()).digest() for text in texts]


def _plain(kind: str, clean: pd.Series) -> tuple[pd.Series, pd.Series]:
    """(which values the patterns decide, the text to hash of all)."""
    if kind == "email":
        return clean.str.fullmatch(common.EMAIL) & (clean.str.len() <= 64), clean.str.lower()
    if kind == "gaid":
        return clean.str.fullmatch(common.MAID) & (clean != common.ZERO_MAID), clean.str.lower()
    shaped = clean.str.replace(f"[{re.escape(common.SEPARATORS)}]", "", regex=True)
    honest = ~shaped.str.contains(_REPEATED)
    abroad, home = shaped.str.fullmatch(common.PHONE), shaped.str.fullmatch(common.NATIONAL)
    return (abroad | home) & honest, shaped.str[1:].where(abroad, "1" + shaped)


def _column(values: pd.Series, kind: str, country: str | None) -> tuple[set[bytes], int]:
    clean = values.str.strip(" \t\r\n")
    clean = clean[clean != ""]
    hashed = clean.str.fullmatch(common.HASHED)
    decided, text = _plain(kind, clean)
    found = {bytes.fromhex(one) for one in clean[hashed].str.lower()}
    found.update(_sha(text[decided & ~hashed]))
    odd = clean[~decided & ~hashed].unique()
    accepted = {digest for _, digest in judge_all(kind, country, odd)}
    return found | accepted, len(odd) - len(accepted)


def run(path: Path, ledger: Path | None, folder: Path, rows: int) -> Outcome:
    """ledger: a folder of Parquet files (wire_kind, h)."""
    names = [name for name, *_ in COLUMNS]
    data = pd.read_csv(path, usecols=names, dtype=str, keep_default_na=False)
    outcome = Outcome(rows=len(data))
    known_all = pd.read_parquet(ledger) if ledger else pd.DataFrame({"wire_kind": [], "h": []})
    adds, removes, after = [], [], []
    for name, kind, number, country in COLUMNS:
        found, refused = _column(data.pop(name), kind, country)
        known = set(known_all.loc[known_all["wire_kind"] == number, "h"])
        outcome.refused += refused
        outcome.adds += len(found - known)
        outcome.removes += len(known - found)
        outcome.ledger += len(found)
        for gathered, digests in ((adds, found - known), (removes, known - found), (after, found)):
            gathered.append(pd.DataFrame({"wire_kind": number, "h": sorted(digests)}))
    for label, frames in (("adds", adds), ("removes", removes), ("ledger", after)):
        (folder / label).mkdir()
        pd.concat(frames).to_parquet(folder / label / "all.parquet", compression=None)
    outcome.batches = count_batches(outcome.adds, outcome.removes)
    return outcome
