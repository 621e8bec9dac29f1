"""The identifiers that a prepared run adds to a list, as files that a ledger can take over as they are.

The ledger could work them out from the rows that were acknowledged, by laying out, comparing and sorting once more what
was just laid out, compared and sorted. So where entries are rows, they are kept beside the sequences, and used if every
entry was acknowledged. They can always be done without, and are therefore not brought to storage.
"""

# SQL is put together from our own expressions and names; every value in it went through quote().

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from pinconnect.identifiers.columnar import quote

FOLDER = "newcomers"
# Row groups small enough for looking one identifier up; the files of a ledger are written alike.
OPTIONS = "(FORMAT parquet, COMPRESSION uncompressed, ROW_GROUP_SIZE 61440)"
_LISTING = "listing.json"


def file(workdir: Path, prefix: str) -> Path:
    """The file of a partition: (wire_kind UTINYINT, a UUID, b UUID), distinct and sorted by a, b, wire_kind."""
    return workdir / FOLDER / f"part-{prefix or 'all'}.parquet"


def copy_sql(workdir: Path, prefix: str, query: str) -> str:
    """COPY of an ordered query into the file of a partition."""
    return f"COPY ({query}) TO {quote(str(file(workdir, prefix)))} {OPTIONS}"


def complete(workdir: Path, known: Mapping[str, int]) -> None:
    """Say that all files are there. known: members, by wire kind, of the ledger that they are missing from."""
    folder = workdir / FOLDER
    sizes = {path.name: path.stat().st_size for path in sorted(folder.glob("*.parquet"))}
    listing = {"known": dict(known), "sizes": sizes}
    (folder / _LISTING).write_text(json.dumps(listing, sort_keys=True), encoding="utf-8")


def are_whole(workdir: Path, known: Mapping[str, int]) -> bool:
    """Whether everything complete() saw is still there, and it was made for a ledger like this."""
    folder = workdir / FOLDER
    try:
        listing = json.loads((folder / _LISTING).read_text(encoding="utf-8"))
        sizes = {name: (folder / name).stat().st_size for name in listing["sizes"]}
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return bool(listing["known"] == dict(known) and sizes == listing["sizes"])
