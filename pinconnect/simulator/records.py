"""What came in one call for a customer list: counted, checked, matched with the seeded people, made into log lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pinconnect.simulator import people
from pinconnect.simulator.http import ApiError, invalid
from pinconnect.simulator.options import Options

# The fields of a row of records_v2, with the letter under which each is logged; None: checked, then not kept.
ROW_FIELDS: Mapping[str, str | None] = {
    "email": "e",
    "maid": "m",
    "hashed_phone_number": "p",
    "hashed_pinner_id": "h",
    "external_id": "x",
    "liveramp_envelope": "l",
    "ip_address": None,
    "user_agent": None,
}
HEX = re.compile(r"[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64}")
# What makes cleaning necessary in ASCII text; the other controls harm nothing.
_MARKS = (" ", "\t", "\n", "\r", "\x00", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x1f")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
DEVICE = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True)
class Payload:
    """The identifiers of one call by the letter of their place ("r": the records string), and its number of records."""

    count: int
    tokens: Mapping[str, list[str]]

    def lines(self, batch: int, operation: str) -> tuple[bytes, int]:
        """The log lines `batch TAB operation-and-letter TAB token`, and how many; operation is "A" or "R"."""
        parts = []
        for letter, found in self.tokens.items():
            start = f"{batch}\t{operation}{letter}\t"
            parts.append(start + f"\n{start}".join(found) + "\n")
        return "".join(parts).encode("utf-8", "replace"), sum(map(len, self.tokens.values()))

    def matches(self, options: Options) -> int:
        """The bits (see people.Keys) of the seeded identifiers that the call names."""
        keys = people.keys()
        places = {"r": keys.records, "e": keys.email, "m": keys.maid, "p": keys.phone, "h": keys.pinner_id}
        bits = 0
        for letter, found in self.tokens.items():
            place = places.get(letter)
            if place:
                for spelling in place.keys() & _spellings(found, options):
                    bits |= 1 << place[spelling]
        return bits

    def count_unmatchable(self) -> int:
        """How many identifiers could match nobody, whoever used Pinterest."""
        return sum(is_unmatchable(letter, token) for letter, found in self.tokens.items() for token in found)


def parse(data: Mapping[str, Any], options: Options) -> Payload:
    """The payload of a create or update call; refuses as Pinterest's schema does, or for being too long."""
    has_records, has_rows = (data.get(name) is not None for name in ("records", "records_v2"))
    if has_records == has_rows:
        raise invalid("Invalid request: exactly one of 'records' and 'records_v2' is required.")
    payload = _from_text(data["records"]) if has_records else _from_rows(data["records_v2"])
    if payload.count == 0:
        raise invalid("Invalid request: there are no records.")
    if payload.count > options.max_records:
        raise too_large(options)
    return payload


def too_large(options: Options) -> ApiError:
    """The refusal of a call with too many records or bytes."""
    status = options.too_large_status
    return ApiError(status, 1 if status == 400 else status, "Invalid request: the request is too large.")


def _from_text(text: Any) -> Payload:
    if not isinstance(text, str):
        raise invalid("Invalid request: 'records' is not of type 'string'")
    tokens = _cleaned(text.split(","), text)
    return Payload(len(tokens), {"r": tokens} if tokens else {})


def _cleaned(tokens: list[str], text: str) -> list[str]:
    """The tokens without blanks, controls and empty ones; text holds them all.

    That something has to be cleaned is rare: only then is every token looked at on its own.
    """
    if text.isascii() and not any(mark in text for mark in _MARKS) and "" not in tokens:
        return tokens
    return [clean for token in tokens if (clean := _CONTROLS.sub(" ", token).strip())]


def _from_rows(rows: Any) -> Payload:
    if not isinstance(rows, list):
        raise invalid("Invalid request: 'records_v2' is not of type 'array'")
    if not set(map(type, rows)) <= {dict}:
        raise invalid("Invalid request: a row of 'records_v2' is not of type 'object'")
    # Column by column, since row by row would be the slowest part of a call.
    tokens: dict[str, list[str]] = {}
    has_blank = not all(rows)
    for name in set().union(*rows):
        if name not in ROW_FIELDS:
            raise invalid(f"Invalid request: Additional properties are not allowed ('{name}' was unexpected)")
        values = [row[name] for row in rows if name in row]
        if set(map(type, values)) != {str}:
            raise invalid(f"Invalid request: '{name}' is not of type 'string'")
        clean = _cleaned(values, ",".join(values))
        has_blank = has_blank or len(clean) < len(values)
        letter = ROW_FIELDS[name]
        if letter is not None and clean:
            tokens[letter] = clean
    if has_blank and not all(any(value.strip() for value in row.values()) for row in rows):
        raise invalid("Invalid request: a row of 'records_v2' is empty")
    return Payload(len(rows), tokens)


def _spellings(tokens: list[str], options: Options) -> Iterable[str]:
    """The tokens, and those in capitals in lower case too where case does not matter."""
    text = ",".join(tokens)
    if text == text.lower():
        return tokens
    # Digests may be written in capitals; advertising ids and, when strict, e-mails may not.
    lowered = [
        token.lower() for token in tokens if HEX.fullmatch(token) or ("@" in token and not options.strict_email_case)
    ]
    return [*tokens, *lowered]


def is_unmatchable(letter: str, token: str) -> bool:
    """Whether an identifier could match nobody; letter: the place it came in."""
    if letter in ("x", "l"):
        return False
    if HEX.fullmatch(token):
        return False
    if letter in ("r", "m") and DEVICE.fullmatch(token):
        return not token.strip("0-")
    return letter not in ("r", "e") or not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", token)
