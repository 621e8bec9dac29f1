"""What has been delivered to a customer list: the only truth, since Pinterest never gives members back.

A ledger is a directory: manifest.json and Parquet files, partitioned by the first hexadecimal digits of the digests and
sorted by them. part-*.parquet hold members (wire_kind UTINYINT, a UUID, b UUID: halves.py says how a SHA-256, and a
SHA-1 or MD5 that was let through, becomes these). A large ledger that little was done to keeps these files and has
delta-*.parquet beside them (the same, and gone BOOLEAN): who came and who left. It is never changed: a new one is
written beside it, and may share files with it. A directory without a manifest is not a ledger, so one that was half
written is never read. The first version of the format, (wire_kind, h BLOB) without deltas, is still read.

A list that was on Pinterest before may hold people whom the ledger does not know. Once a delivery has taken people out
of such a list, the folder "gone" inside its ledger is a ledger of those: acknowledged as removed, and not added since.
"""

from audiences.ledger.reading import (
    GONE,
    MANIFEST,
    LedgerBroken,
    LedgerStats,
    contains,
    count,
    file_names,
    gone,
    members,
    partition,
    stats,
)
from audiences.ledger.writing import Range, advance, coalesced

__all__ = [
    "GONE",
    "MANIFEST",
    "LedgerBroken",
    "LedgerStats",
    "Range",
    "advance",
    "coalesced",
    "contains",
    "count",
    "file_names",
    "gone",
    "members",
    "partition",
    "stats",
]
