"""What every rule shares: trimming, hashes recognised by their shape, and hashes of nothing."""

from __future__ import annotations

import hashlib
import re
import sys
import unicodedata

# White space as Python sees it, plus what copying from web pages and spreadsheets leaves at the ends of a value.
_INVISIBLE = "\u0000\u00ad\u180e\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
TRIM = "".join(chr(code) for code in range(sys.maxunicode + 1) if chr(code).isspace()) + _INVISIBLE

SHA256 = re.compile(r"[0-9A-Fa-f]{64}")
SHA1 = re.compile(r"[0-9A-Fa-f]{40}")
MD5 = re.compile(r"[0-9A-Fa-f]{32}")
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


def _of_blank() -> frozenset[str]:
    return frozenset(digest(text).hex() for text in ("", " ", "\n", "\x00"))


def _of_placeholder() -> frozenset[str]:
    words = {word for plain in PLACEHOLDERS for word in (plain, plain.upper(), plain.capitalize())}
    words |= {"NaN", "0", "+", "@", ZERO_MAID, ZERO_MAID.replace("-", ""), "\\N"}
    return frozenset(digest(word).hex() for word in words)


HASHES_OF_BLANK = _of_blank()
HASHES_OF_PLACEHOLDER = _of_placeholder()


def trim(value: str) -> str:
    """The value without white space and invisible characters at both ends."""
    return value.strip(TRIM)


def has_control(text: str) -> bool:
    """Whether a control character or a lone surrogate is inside."""
    return any(unicodedata.category(char) in ("Cc", "Cs") for char in text)
