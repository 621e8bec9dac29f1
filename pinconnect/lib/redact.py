"""Mask tokens, secrets and identifiers of people in texts that are about to be logged, stored or shown."""

from __future__ import annotations

import logging
import re
from typing import Any

# Order matters: what is found first is replaced first, and a replacement never matches a later pattern.
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # Pinterest's access, refresh and client tokens; one published example separates the prefix by a dot.
    (re.compile(r"\bpin[arc][_.][\w.=+/~-]+", re.IGNORECASE), "[token]"),
    # Codes of links stand in addresses, and addresses in logs.
    (re.compile(r"(?<=/)[\w-]{43}(?![\w-])"), "[link]"),
    (re.compile(r"\b(Bearer|Basic)\s+[\w.=+/~-]{6,}", re.IGNORECASE), r"\1 [secret]"),
    (
        re.compile(
            r"""(\b(?:client_secret|app_secret|secret_key|access_token|refresh_token|password|api_key)["']?\s*[=:]\s*["']?)"""
            r"""(?!\[)[^\s"'&,;}]+""",
            re.IGNORECASE,
        ),
        r"\1[secret]",
    ),
    # The lengths are bounded so that a long line costs time in proportion to its length.
    (re.compile(r"[\w.+-][\w.+'-]{0,63}(?:@|%40)[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"), "[e-mail]"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.IGNORECASE), "[device id]"),
    # MD5, SHA-1 and SHA-256 have 32, 40 and 64 digits; anything longer is no less suspect.
    (re.compile(r"(?<![0-9a-z])[0-9a-f]{32,}(?![0-9a-z])", re.IGNORECASE), "[digest]"),
)

# A candidate starts and ends with a digit and holds only what people write between the digits of a phone number.
_NUMBER = re.compile(r"(?<![\w.])(?:\+|\(\+?)?\d(?:[ ().-]{0,2}\d){8,16}(?![\w])")
_DATE = re.compile(r"(?:19|20)\d\d-[01]\d-[0-3]\d")
_DECIMAL = re.compile(r"\d+\.\d+")
# Pinterest's own numbers (ad accounts, lists) look like bare phone numbers; one that is named as an id stays.
_NAMED_AS_ID = re.compile(r"(?:/|\bid[=: ]{1,2}|_id[=: ]{1,2}|#)$", re.IGNORECASE)
_DIGITS_OF_A_PHONE = range(9, 16)

_secrets: set[str] = set()
_SHORTEST_SECRET = 8

_STANDARD = frozenset(logging.LogRecord("", 0, "", 0, "", (), None).__dict__) | {"message", "asctime"}


def hide(*secrets: str) -> None:
    """Mask these exact texts from now on; the app's secret and the keys are announced here when settings are read.

    Texts shorter than eight characters are ignored: masking them would make every log unreadable.
    """
    _secrets.update(secret for secret in secrets if len(secret) >= _SHORTEST_SECRET)


def redact(text: str) -> str:
    """The same text with tokens, secrets, digests, e-mail addresses, device ids and phone-like numbers masked."""
    for secret in _secrets:
        text = text.replace(secret, "[secret]")
    for pattern, mask in _PATTERNS:
        text = pattern.sub(mask, text)
    return _NUMBER.sub(_mask_number, text)


def _mask_number(match: re.Match[str]) -> str:
    found = match.group()
    if _DATE.match(found) or _DECIMAL.fullmatch(found):
        return found
    if sum(character.isdigit() for character in found) not in _DIGITS_OF_A_PHONE:
        return found
    before = match.string[max(0, match.start() - 6) : match.start()]
    if found.isdigit() and _NAMED_AS_ID.search(before):
        return found
    return "[number]"


class RedactFilter(logging.Filter):
    """Mask the message, the traceback and every extra text of a log record; lets every record through."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(_message(record)), ()
        if record.exc_info and not record.exc_text:
            # Formatters print exc_text when it is there, so the traceback is rendered here and masked once.
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = redact(record.exc_text)
        if record.stack_info:
            record.stack_info = redact(record.stack_info)
        for name, value in record.__dict__.items():
            if name not in _STANDARD and isinstance(value, str):
                record.__dict__[name] = redact(value)
        return True


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):
        # A wrong format string must not take the program down with it, nor print its arguments unmasked.
        template: Any = record.msg
        return f"{template} (the arguments do not fit and were left out)"
