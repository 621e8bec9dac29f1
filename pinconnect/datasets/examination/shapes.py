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
    | (?=\S*\d)(?=\S*[A-Za-z])[A-Za-z0-9_+/=-]{20,}             # an opaque id
    """,
    re.VERBOSE | re.IGNORECASE,
)
_WEAK = re.compile(r"[-+]?[\d.,:/\sTZ%€$£-]*\d[\d.,:/\sTZ%€$£-]*|true|false", re.IGNORECASE)


def is_surely_data(cell: str) -> bool:
    """An identifier, or what looks like one: nobody calls a column that."""
    return len(cell) <= _LONGEST and _STRONG.fullmatch(cell.strip()) is not None


def is_likely_data(cell: str) -> bool:
    """A number, a date or the like: rarely the name of a column."""
    return len(cell) <= _LONGEST and _WEAK.fullmatch(cell.strip()) is not None
