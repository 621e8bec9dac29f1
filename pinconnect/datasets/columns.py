"""Columns as kinds of identifier: what is proposed from names and contents, and why, in words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pinconnect.datasets.examination import masks
from pinconnect.datasets.examination.results import Column, Expected, RefusedError
from pinconnect.identifiers import detect, kinds

_OPAQUE = re.compile(r"[A-Za-z0-9_+/=.-]{12,512}")
_POSITIONAL = re.compile(r"Column \d+")


def propose(name: str, filled: int, sample: Sequence[str]) -> Column:
    """The column with its likeliest kind; kind "" and a reason when it holds none."""
    found = detect.propose(name, sample)
    shown = tuple(sorted(set(sample), key=len))[:3] if masks.is_category(sample) else masks.examples(sample)
    return Column(
        name=name,
        filled=filled,
        kind=found.kind or "",
        treatment=found.treatment,
        confidence=round(found.confidence, 2),
        reason=_reason(found, filled, sample),
        examples=shown,
    )


def is_usable(columns: Sequence[Column], samples: Sequence[Sequence[str]]) -> bool:
    """Whether a delivery could use the data: a kind was recognised, or some values may be IDs that have no shape."""
    recognised = any(column.kind and column.filled for column in columns)
    return recognised or any(_may_be_opaque(sample) for sample in samples)


def match_expected(
    names: tuple[str, ...], found: Sequence[Column], expected: Expected, *, has_header: bool
) -> tuple[str, ...]:
    """The names as the dataset spells them. Raises RefusedError when one of its columns is missing.

    A file without a header takes the dataset's names in their order, if it has as many columns of the same kinds.
    """
    if not expected.columns:
        return names
    if not has_header and all(_POSITIONAL.fullmatch(name) for name in names) and names != expected.columns:
        if len(names) == len(expected.columns) and _same_kinds(found, expected):
            return expected.columns
        raise RefusedError("header_needed", detail=_listed(expected.columns))
    known = {name.casefold(): name for name in expected.columns}
    spelled = tuple(known.get(name.casefold(), name) for name in names)
    missing = [name for name in expected.columns if name not in spelled]
    if missing:
        raise RefusedError("column_missing", detail=_listed(missing))
    return spelled


def _same_kinds(found: Sequence[Column], expected: Expected) -> bool:
    pairs = zip(found, expected.columns, strict=True)
    return all(not column.filled or column.kind == expected.kinds.get(name, "") for column, name in pairs)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown


def _may_be_opaque(sample: Sequence[str]) -> bool:
    """LiveRamp and Datalogix IDs have no public shape: long, without blanks, and nearly all different."""
    if not sample:
        return False
    fitting = sum(1 for value in sample if _OPAQUE.fullmatch(value.strip()) and any(sign.isdigit() for sign in value))
    return fitting * 2 >= len(sample) and len(set(sample)) * 10 >= len(sample) * 9


def _reason(found: detect.Proposal, filled: int, sample: Sequence[str]) -> str:
    if filled == 0:
        return "Every value is blank." + (" The name suggests an identifier." if found.kind else "")
    if not found.kind:
        if found.hint:
            return "The name suggests an identifier, but most values do not look like one."
        if _may_be_opaque(sample):
            return "Not recognised. If these are LiveRamp, Datalogix or Pinner IDs, say so in the delivery set-up."
        return "Not an identifier; it stays here and is never sent."
    return _kind_reason(found, kinds.get(found.kind).label)


def _kind_reason(found: detect.Proposal, label: str) -> str:
    share = f"{found.confidence:.0%} of the values looked at"
    if found.treatment == "hashed":
        words = "All values are SHA-256 hashes" + (
            "." if found.hint else f"; of what, the name does not tell. {label} is a guess."
        )
    elif found.other_hashes:
        words = (
            "These look like MD5 or SHA-1 hashes, which are refused unless you choose in the set-up to pass them on."
        )
    elif found.hint:
        words = f"The name says so, and {share} fit."
    else:
        words = f"{share} look like it."
    if found.default_country_needed:
        words += " Most have no country code: you will be asked for a default country."
    return words[:1].upper() + words[1:]
