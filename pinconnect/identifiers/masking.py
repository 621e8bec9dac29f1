"""Identifiers made safe to show: enough to recognise one's own row, too little to learn a stranger's."""

from __future__ import annotations

import re

_DOTS = "•••"
_HEX = re.compile(r"[0-9A-Fa-f-]{16,}")
_LONGEST = 40
_SHORTEST_HEX, _SHORTEST_PHONE = 32, 7


def mask(value: str) -> str:
    """j•••@e•••.com, +1•••71, a3f1…, or the first character and dots; never more than 40 characters, all printable."""
    text = value.strip()
    if not text.isprintable():
        text = "".join(char if char.isprintable() else "·" for char in text)
    if not text:
        return ""
    if len(text) >= _SHORTEST_HEX and _HEX.fullmatch(text) and len(text.replace("-", "")) in (32, 40, 64):
        return text[:4].lower() + "…"
    if text.count("@") == 1:
        return _email(text)
    # Long lists are masked: what cannot be a number need not be searched for digits.
    digits = [char for char in text if char.isdigit()] if len(text) >= _SHORTEST_PHONE else []
    if len(digits) >= _SHORTEST_PHONE and len(digits) * 2 >= len(text):
        return _phone(text, digits)
    return text[0] + _DOTS


def mask_digest(digest: bytes | str) -> str:
    """The first four hexadecimal digits."""
    return (digest.hex() if isinstance(digest, bytes) else digest.lower())[:4] + "…"


def _email(text: str) -> str:
    name, domain = text.split("@")
    _, dot, ending = domain.rpartition(".")
    tail = f"{dot}{ending}" if dot and len(ending) <= 8 else ""
    return f"{name[:1]}{_DOTS}@{domain[:1]}{_DOTS}{tail}"[:_LONGEST]


def _phone(text: str, digits: list[str]) -> str:
    plus = "+" if text.startswith("+") else ""
    return f"{plus}{digits[0]}{_DOTS}{digits[-2]}{digits[-1]}"
