"""A plain Python loop that asks libphonenumber about every number: what one writes first."""

from __future__ import annotations

import csv
import hashlib
import re
from pathlib import Path

import phonenumbers

from bench.rivals.common import BATCH, Outcome

_EMAIL = re.compile(r"[^@\s,]+@[^@\s,]+\.[^@\s,]+")
_MAID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_HASHED = re.compile("[0-9a-f]{64}")
_ZERO_MAID = "00000000-0000-0000-0000-000000000000"


def _email(text: str) -> str | None:
    return text if _EMAIL.fullmatch(text) else None


def _phone(text: str) -> str | None:
    try:
        number = phonenumbers.parse(text, "US")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)[1:]


def _maid(text: str) -> str | None:
    return text if _MAID.fullmatch(text) and text != _ZERO_MAID else None


_RULES = (("email", 1, _email), ("phone", 2, _phone), ("gaid", 3, _maid))


def run(path: Path, ledger: Path | None, folder: Path, rows: int) -> Outcome:
    """ledger: a folder of text files of (kind digit, hex digest), one identifier a line."""
    found: set[bytes] = set()
    outcome = Outcome()
    with path.open(newline="") as text:
        for row in csv.DictReader(text):
            outcome.rows += 1
            for name, number, rule in _RULES:
                value = row[name].strip().lower()
                if not value:
                    continue
                if _HASHED.fullmatch(value):
                    found.add(bytes((number,)) + bytes.fromhex(value))
                    continue
                normalised = rule(value)
                if normalised is None:
                    outcome.refused += 1
                    continue
                found.add(bytes((number,)) + hashlib.sha256(normalised.encode()).digest())
    known = _read_ledger(ledger)
    _write(folder / "adds.txt", sorted(found - known), outcome)
    outcome.adds = len(found - known)
    _write(folder / "removes.txt", sorted(known - found), outcome)
    outcome.removes, outcome.ledger = len(known - found), len(found)
    (folder / "ledger").mkdir()
    (folder / "ledger" / "all.bin").write_bytes(b"".join(sorted(found)))
    return outcome


def _read_ledger(ledger: Path | None) -> set[bytes]:
    if ledger is None:
        return set()
    found: set[bytes] = set()
    for file in sorted(ledger.glob("*.bin")):
        data = file.read_bytes()
        found.update(data[start : start + 33] for start in range(0, len(data), 33))
    return found


def _write(path: Path, ordered: list[bytes], outcome: Outcome) -> None:
    with path.open("w") as out:
        for start in range(0, len(ordered), BATCH):
            out.write(",".join(one[1:].hex() for one in ordered[start : start + BATCH]) + "\n")
            outcome.batches += 1
