"""Which values name a person: an address, a phone number, a hash. Conditions are kept in clear, so they hold none.

Only what is hardly anything else: numbers of orders and goods, postcodes, dates and amounts have to stay possible.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Protocol

import phonenumbers

from pinconnect.identifiers import phones, rules, texts

_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@.]{2,}")
# Tools write the name of the hash in front.
_HASH = re.compile(r"(?:(?:sha-?256|sha-?1|md5)[:=]\s*)?([0-9a-f]+)", re.IGNORECASE)

_SEP = r"[\s./–-]"
_NATIONAL = tuple(
    re.compile(pattern)
    for pattern in (
        # 0170/1234567, (089) 12 34 56 78. Four digits at the end would be an American postcode: 02139-4307.
        rf"\(?0[1-9][0-9]{{1,4}}\)?{_SEP}{{1,3}}[0-9](?:{_SEP}?[0-9]){{4,9}}",
        # 06 12 34 56 78
        rf"0[1-9](?:{_SEP}[0-9]{{2}}){{4}}",
        # 04 1234 5678; with dashes it may be the number of an order.
        r"0[1-9]\s[0-9]{4}\s[0-9]{4}|\(0[1-9]\)\s?[0-9]{4}[\s-]?[0-9]{4}",
        # 01701234567. Articles have eight, twelve, thirteen or fourteen digits.
        r"0[1-9][0-9]{8,9}",
        # (212) 555-0123, 1-212-555-0123
        rf"(?:1{_SEP})?(?:\([2-9][0-9]{{2}}\)\s?|[2-9][0-9]{{2}}{_SEP})[2-9][0-9]{{2}}{_SEP}[0-9]{{4}}",
    )
)
_FEWEST_DIGITS, _MOST_DIGITS = 9, 13
# Of kinds whose rule takes nearly everything, a part is told from the whole by its length.
_OPAQUE = frozenset({"lr_id", "dlx_id", "pinner_id"})
_LONG = 12


class Mapped(Protocol):
    """A column that is sent as a kind of identifier."""

    column: str
    kind: str
    default_country: str


def named(value: str) -> str | None:
    """What a value surely is: "an e-mail address", "a phone number" or "a hash"; None for anything else."""
    text = unicodedata.normalize("NFKC", texts.trim(value))
    if _ADDRESS.search(text):
        return "an e-mail address"
    found = _HASH.fullmatch(text)
    if found and texts.hash_name(found[1]):
        return "a hash"
    return "a phone number" if _is_phone(text) else None


def is_identifier(value: str, mapped: Mapped, *, is_whole: bool) -> bool:
    """Whether a value compared with a column can be one of its identifiers. is_whole: not with a part of the column."""
    text = texts.trim(value)
    if mapped.kind in _OPAQUE and not is_whole and len(text) < _LONG:
        return False
    return rules.judge(mapped.kind, text, "auto", mapped.default_country or None).is_usable


def _is_phone(text: str) -> bool:
    if text.startswith("+"):
        return rules.judge("phone", text).is_usable
    if text.startswith("00"):
        # Numbers of anything may be filled up with noughts, so this one has to exist.
        found = rules.judge("phone", text).normalised
        return bool(found) and phonenumbers.is_valid_number(phonenumbers.parse(f"+{found}"))
    digits = sum(char.isdigit() for char in text)
    in_bounds = _FEWEST_DIGITS <= digits <= _MOST_DIGITS and len(text) <= 2 * phones.MAX_DIGITS
    return in_bounds and any(pattern.fullmatch(text) for pattern in _NATIONAL)
