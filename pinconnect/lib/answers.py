"""What a foreign server answered, made fit to be kept: bounded, and without tokens, identifiers or signed addresses.

Stricter than lib.redact, which has to leave logs readable: what merely might be a secret is masked here.
"""

from __future__ import annotations

import json
import re
import unicodedata
from functools import lru_cache
from typing import Any

from pinconnect.lib.redact import redact

# Longer answers are listings; what is read of them is known from their requests, and reading them again costs time.
LONGEST_READ = 262_144
LONGEST_KEPT = 2_000
_LONGEST_TEXT = 300
_LONGEST_INPUT = 3_000
_ITEMS = 5
_FIELDS = 40
_DEPTH = 6
HIDDEN = "[hidden]"

_REVEALING = r"token|secret|passw|signature|credential|api_?key|authoriz|cookie|session|jwt"
_SECRET_FIELD = re.compile(
    rf"{_REVEALING}|(?:^|_)sig(?:$|_)|mail|phone|hash|digest|maid|idfa|gaid|records|user_data|"
    r"(?:first|last|full|given|family|sur)_?name|birth|gender|address|postal|zip",
    re.IGNORECASE,
)
_COUNTER = re.compile(r"^(?:num|total)_", re.IGNORECASE)
# Fields whose numbers are Pinterest's own ids, times and sizes.
_OWN_NUMBER = re.compile(r"(?:^|_)(?:id|ids|time|timestamp|at|size|count)$|^(?:num|total)_", re.IGNORECASE)
_WORD = re.compile(r"[A-Z][A-Z_]{0,39}")
# Most names of fields: short words without a digit, which no pattern below could match.
_PLAIN_NAME = re.compile(r"(?!pin[arc]_)[a-z]{1,15}(?:_[a-z]{1,15}){0,4}")

_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # Of an address only the host stays: paths and queries carry signatures and names.
    (
        re.compile(
            r"\b([a-z][a-z0-9+.-]{1,15})://(?:[^\s/?#@\"'<>]{0,200}@)?([^\s/?#\"'<>]{0,200})[^\s\"'<>]*", re.IGNORECASE
        ),
        r"\1://\2/[…]",
    ),
    (re.compile(r"([?&][\w.-]{1,60}=)[^\s&\"'<>]+"), r"\1[…]"),
    (
        re.compile(
            rf"(\b[\w-]{{0,40}}(?:{_REVEALING})[\w-]{{0,40}}[\"']?\s{{0,3}}[=:]\s{{0,3}}[\"']?)"
            r"(?!\[)(?:(?:Bearer|Basic)\s{1,3})?[^\s\"'&,;}]+",
            re.IGNORECASE,
        ),
        r"\1[secret]",
    ),
    (re.compile(r"\beyJ[\w-]+(?:\.[\w-]*)*"), "[secret]"),
)
_AT = re.compile(r"[^\s\"'<>,;:]*(?:@|%40)[^\s\"'<>,;]*", re.IGNORECASE)
_LATE: tuple[tuple[re.Pattern[str], str], ...] = (
    # A digest written in pairs, cut short, or glued to a prefix.
    (re.compile(r"(?<![0-9a-z])(?:[0-9a-f]{2}[ :.-]){7,}[0-9a-f]{2}(?![0-9a-z])", re.IGNORECASE), "[digest]"),
    (
        re.compile(
            r"(?:\b|(?<=0x)|(?<=_))(?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])[0-9a-f]{8,}(?:…|\b|(?=_))", re.IGNORECASE
        ),
        "[digest]",
    ),
    # What no person writes: long, without a space, and with digits or changing case inside.
    (re.compile(r"(?<![\w=+-])(?=[\w=+-]*\d)[\w=+-]{20,}", re.ASCII), "[secret]"),
    (re.compile(r"(?<![A-Za-z=+-])(?=[A-Za-z]*[a-z][A-Z][A-Za-z]*[a-z][A-Z])[A-Za-z=+-]{20,}"), "[secret]"),
    (re.compile(r"(?<![\w/+])(?=[\w/+]*\d)[A-Za-z0-9/+]{40,}={0,2}", re.ASCII), "[secret]"),
)


def mask(text: str, *, longest: int = _LONGEST_TEXT) -> str:
    """One line of at most `longest` characters that holds no token, no identifier and no signed address."""
    if _WORD.fullmatch(text) and not text.startswith("PIN"):
        return text
    if len(text) > _LONGEST_INPUT:
        # Half of an identifier at the end would not be recognised, so the last word goes with the rest.
        text = text[:_LONGEST_INPUT].rpartition(" ")[0] + " …"
    # Look-alike letters and invisible ones would hide an address from the patterns.
    text = unicodedata.normalize("NFKC", text)
    text = "".join(c if c.isprintable() else "" if unicodedata.category(c) == "Cf" else " " for c in text)
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    text = redact(text)
    if "@" in text or "%40" in text:
        text = _AT.sub("[e-mail]", text)
    for pattern, instead in _LATE:
        text = pattern.sub(instead, text)
    return _cut(" ".join(text.split()), longest)


def show(body: bytes, *, longest: int = LONGEST_KEPT) -> str:
    """An answer's body as text, JSON indented, of at most `longest` characters; "" for an empty one."""
    if not body.strip():
        return ""
    if len(body) > LONGEST_READ:
        return f"[{len(body):,} bytes, too long to be kept]"
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return mask(body[: 2 * _LONGEST_INPUT].decode(errors="replace"), longest=longest)
    return _cut(json.dumps(_shown("", found, 0), indent=2, ensure_ascii=False), longest)


def masked(value: Any) -> Any:
    """Plain data of our own (mappings, lists, texts, numbers) with every text in it masked once more, line by line.

    Nothing is cut; numbers, and digits under the name of an id, stay.
    """
    return _masked("", value)


def _masked(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _masked(str(key), one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(name, one) for one in value]
    if value is None or isinstance(value, bool | int | float) or _is_own_number(name, str(value)):
        return value
    if value and _SECRET_FIELD.search(name):
        return HIDDEN
    lines = str(value).split("\n")
    return "\n".join(" " * (len(line) - len(line.lstrip())) + mask(line, longest=_LONGEST_INPUT) for line in lines)


def _shown(name: str, value: Any, depth: int) -> Any:
    if not (value is None or value is True or value is False) and _hides(name):
        return HIDDEN
    if depth > _DEPTH and isinstance(value, dict | list):
        return "[…]"
    if isinstance(value, dict):
        parts = list(value.items())
        shown = {_name(str(key)): _shown(str(key), one, depth + 1) for key, one in parts[:_FIELDS]}
        return shown if len(parts) <= _FIELDS else {**shown, "…": f"{len(parts) - _FIELDS:,} more"}
    if isinstance(value, list):
        rest = [f"… {len(value) - _ITEMS:,} more"] if len(value) > _ITEMS else []
        return [_shown(name, one, depth + 1) for one in value[:_ITEMS]] + rest
    return _scalar(name, value)


def _scalar(name: str, value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        is_long = abs(value) >= 10_000_000 and not _holds_own_number(name)
        return "[number]" if is_long or abs(value) >= 1e20 else value
    return value if _is_own_number(name, value) else mask(str(value))


def _is_own_number(name: str, text: str) -> bool:
    return len(text) <= 20 and text.isascii() and text.isdigit() and _holds_own_number(name)


# The same few names come with every answer.
@lru_cache(maxsize=512)
def _hides(name: str) -> bool:
    return _SECRET_FIELD.search(name) is not None and _COUNTER.search(name) is None


@lru_cache(maxsize=512)
def _holds_own_number(name: str) -> bool:
    return _OWN_NUMBER.search(name) is not None


@lru_cache(maxsize=512)
def _is_plain_name(name: str) -> bool:
    return _PLAIN_NAME.fullmatch(name) is not None


def _name(name: str) -> str:
    return name if _is_plain_name(name) else mask(name, longest=60)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
