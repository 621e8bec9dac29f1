"""Telling data from the names of columns, by the look of a single cell."""

import re

# No identifier and no number is longer; the patterns would take ages over what somebody pasted into a cell.
_LONGEST = 512

_STRONG = re.compile(
    r"""
    [^@\s,;|]+@[^@\s,;|]+\.[^@\s,;|]+                                    # an e-mail address
    | [0-9a-f]{32} | [0-9a-f]{40} | [0-9a-f]{64}                # a digest
    | [0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}               # a device id
    | \+?\(?\d(?:[ ()./-]{0,2}\d){6,18}                         # a phone number, or any long number
    """,
    re.VERBOSE | re.IGNORECASE,
)
_OPAQUE = re.compile(r"(?=\S*\d)(?=\S*[A-Za-z])[A-Za-z0-9_+/=-]{20,}")
# What programmers call columns, such as address_line_1_shipping: words with a few digits behind them.
_NAME = re.compile(r"[A-Za-z]+\d{0,4}(?:[_-](?:[A-Za-z]+\d{0,4}|\d{1,4}))*")
_WEAK = re.compile(r"[-+]?[\d.,:/\sTZ%€$£-]*\d[\d.,:/\sTZ%€$£-]*|true|false", re.IGNORECASE)


def is_surely_data(cell: str) -> bool:
    """An identifier, or what looks like one: nobody calls a column that."""
    cell = cell.strip()
    if len(cell) > _LONGEST:
        return False
    return bool(_STRONG.fullmatch(cell) or (_OPAQUE.fullmatch(cell) and not _NAME.fullmatch(cell)))


def is_likely_data(cell: str) -> bool:
    """A number, a date or the like: rarely the name of a column."""
    return len(cell) <= _LONGEST and _WEAK.fullmatch(cell.strip()) is not None
