"""A digest as two numbers of 128 bits (UUID) in place of a BLOB, while it is compared, sorted and laid out.

Columns of a fixed width take a third less memory in the engine's tables and half the time to sort. Their order is that
of the bytes. What leaves the pipeline holds BLOBs of 32 bytes.
"""

from __future__ import annotations

from collections.abc import Iterable


def split(blob: str, name: str) -> str:
    """SQL for the two halves of a BLOB, as columns a<name> and b<name>; both NULL where it is."""
    return f"{blob}[1:16]::UUID AS a{name}, {blob}[17:32]::UUID AS b{name}"


def join(name: str = "") -> str:
    """SQL for the BLOB again; NULL where there is none."""
    return f"a{name}::BLOB || b{name}::BLOB"


def names(columns: Iterable[str]) -> str:
    """The columns of several digests."""
    return ", ".join(f"a{name}, b{name}" for name in columns)


def leading(half: str, width: int) -> str:
    """SQL for the number that so many leading hexadecimal digits of a first half make (0, 1 or 2 digits)."""
    return f"({half}::UHUGEINT >> {128 - 4 * width})::UTINYINT" if width else "0::UTINYINT"
