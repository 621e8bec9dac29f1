"""What every rule shares: trimming, hashes recognised by their shape, and hashes of nothing."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable

# White space as Python sees it, plus what copying from web pages and spreadsheets leaves at the ends of a value.
_INVISIBLE = "\u0000\u00ad\u180e\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
# All of it lies here, as a test makes sure; looking further costs each start of a process a tenth of a second.
_PLANE = 0x10000
TRIM = "".join(chr(code) for code in range(_PLANE) if chr(code).isspace()) + _INVISIBLE

# By their length in hexadecimal digits; two of them in one list make two people of one.
HASHES = {64: "SHA-256", 40: "SHA-1", 32: "MD5"}
SHA256 = re.compile(r"[0-9A-Fa-f]{64}")
SHA1 = re.compile(r"[0-9A-Fa-f]{40}")
MD5 = re.compile(r"[0-9A-Fa-f]{32}")
_HEX = re.compile(r"[0-9A-Fa-f]+")
REPLACEMENT = "\ufffd"

# The same words in SQL and in Python: lower case, ASCII.
PLACEHOLDERS = frozenset(
    (
        "null",
        "(null)",
        "<null>",
        "none",
        "nil",
        "nan",
        "na",
        "n/a",
        "#n/a",
        "undefined",
        "unknown",
        "\\n",
        "-",
        "--",
        "?",
    )
)

ZERO_MAID = "00000000-0000-0000-0000-000000000000"


class Refused(Exception):  # noqa: N818 - an outcome, not a fault
    """A rule's way out; args[0] is a code of reasons.py."""


def digest(text: str) -> bytes:
    """SHA-256 of the UTF-8 bytes."""
    return hashlib.sha256(text.encode("utf-8")).digest()


def other_digests(text: str) -> tuple[bytes, bytes]:
    """SHA-1 and MD5 of the UTF-8 bytes, by which others may have delivered the same text."""
    data = text.encode("utf-8")
    return hashlib.sha1(data, usedforsecurity=False).digest(), hashlib.md5(data, usedforsecurity=False).digest()


def hash_name(text: str) -> str | None:
    """Which hash has the shape of this text, None when there is none."""
    return HASHES.get(len(text)) if _HEX.fullmatch(text) else None


def _hashes(words: Iterable[str]) -> frozenset[str]:
    return frozenset(found.hex() for word in words for found in (digest(word), *other_digests(word)))


def _placeholders_as_hashed() -> set[str]:
    words = {word for plain in PLACEHOLDERS for word in (plain, plain.upper(), plain.capitalize())}
    return words | {"NaN", "0", "+", "@", ZERO_MAID, ZERO_MAID.replace("-", ""), "\\N"}


# SHA-256, SHA-1 and MD5 of what stands for nothing.
HASHES_OF_BLANK = _hashes(("", " ", "\n", "\x00"))
HASHES_OF_PLACEHOLDER = _hashes(_placeholders_as_hashed())


def trim(value: str) -> str:
    """The value without white space and invisible characters at both ends."""
    return value.strip(TRIM)


def has_control(text: str) -> bool:
    """Whether a control character or a lone surrogate is inside."""
    return any(unicodedata.category(char) in ("Cc", "Cs") for char in text)
