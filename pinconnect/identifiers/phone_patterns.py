"""Patterns of phone numbers for the fast path, from libphonenumber's own metadata.

They are generated when they are first used, so that an upgrade of phonenumbers cannot part them and the rule. All are
RE2 patterns without anchors.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import phonenumbers
from phonenumbers import PhoneMetadata

from pinconnect.identifiers.phones import MAX_DIGITS, MIN_DIGITS


@dataclass(frozen=True)
class RegionPatterns:
    """National numbers of one region that parse to country code + number.

    number: neither prefix nor exit code at its start. lengths: of it. prefix: the literal national prefix, "" if none.
    excluded: what must not match at the start. possible: lengths of the country code's numbers; what has none of them
    is refused, unless the rule may change the number (is_transformed) or take the country code off.
    """

    country_code: int
    number: str
    lengths: tuple[int, ...]
    prefix: str
    excluded: tuple[str, ...]
    possible: tuple[int, ...]
    is_transformed: bool


@cache
def e164_pattern() -> str:
    """Digits that start with a known country code, to be matched in full."""
    return rf"(?:{'|'.join(str(code) for code in sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE))})[0-9]+"


@cache
def country_code_pattern() -> tuple[str, str]:
    """(accepted, excluded) for a plus and digits.

    accepted, to be matched in full: a known country code and digits. excluded, matched at the start: a national prefix
    after the country code, which the rule has to look at.
    """
    accepted, excluded = [], []
    for code, regions in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items():
        metadata: Any = PhoneMetadata.metadata_for_region_or_calling_code(code, regions[0])
        prefix = metadata.national_prefix_for_parsing
        if prefix and re.match(prefix, ""):
            continue
        accepted.append(str(code))
        if prefix:
            excluded.append(f"{code}(?:{prefix})")
    return rf"\+(?:{'|'.join(accepted)})[0-9]+", rf"^\+(?:{'|'.join(excluded)})"


@cache
def region_patterns(region: str) -> RegionPatterns | None:
    """Patterns for national numbers of a default country; None for a country without metadata."""
    metadata: Any = PhoneMetadata.metadata_for_region(region.upper(), None)
    if metadata is None:
        return None
    prefix = metadata.national_prefix_for_parsing or ""
    if prefix and re.match(prefix, ""):
        return None
    literal = prefix if prefix.isdigit() else ""
    code = str(metadata.country_code)
    # A prefixed number that starts like the country code is read in another order, except where both are the same.
    if literal and literal[0] == code[0] and literal != code:
        literal = ""
    excluded = tuple(pattern for pattern in (prefix, metadata.international_prefix or "") if pattern)
    # Whether a parsed number is possible is judged by the main region of its country code.
    main: Any = PhoneMetadata.metadata_for_region_or_calling_code(
        metadata.country_code, phonenumbers.region_code_for_country_code(metadata.country_code)
    )
    possible = set(metadata.general_desc.possible_length) & set(main.general_desc.possible_length)
    return RegionPatterns(
        country_code=metadata.country_code,
        number=metadata.general_desc.national_number_pattern,
        lengths=tuple(sorted(size for size in possible if MIN_DIGITS <= size + len(code) <= MAX_DIGITS)),
        prefix=literal,
        excluded=excluded,
        possible=tuple(main.general_desc.possible_length),
        is_transformed=bool(metadata.national_prefix_transform_rule),
    )


# Where bare digits with a country code are common. The first region of a country code decides; Canada is disjoint.
# fmt: off
_BARE_REGIONS = (
    "US", "CA", "GB", "DE", "FR", "IT", "ES", "NL", "BR", "MX", "AU", "JP", "IN", "PL", "SE", "AT", "CH", "BE",
)
# fmt: on
_BARE_TYPES = ("fixed_line", "mobile", "toll_free", "voip")


@cache
def bare_patterns() -> tuple[tuple[str, str, str], ...]:
    """(digits at the start, general pattern, pattern of its types) for numbers valid with the code they start with."""
    found = []
    for region in _BARE_REGIONS:
        metadata: Any = PhoneMetadata.metadata_for_region(region, None)
        prefix = metadata.national_prefix_for_parsing
        if prefix and re.match(prefix, ""):
            continue
        types = [getattr(metadata, name) for name in _BARE_TYPES]
        patterns = [desc.national_number_pattern for desc in types if desc and desc.national_number_pattern]
        general = metadata.general_desc.national_number_pattern
        found.append((str(metadata.country_code), general, "|".join(patterns)))
    return tuple(found)


@cache
def guess_patterns() -> tuple[str, str]:
    """(possible, unclear) for digits without a plus.

    possible, to be matched in full: what any region of the country code it starts with could have; nothing else is
    valid. unclear, matched at the start: where the rule may take off a national prefix first.
    """
    possible, unclear = [], []
    for code, regions in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items():
        found: list[Any] = [PhoneMetadata.metadata_for_region_or_calling_code(code, region) for region in regions]
        possible.append(f"{code}(?:{'|'.join(sorted({one.general_desc.national_number_pattern for one in found}))})")
        prefix = found[0].national_prefix_for_parsing
        if prefix:
            unclear.append(str(code) if re.match(prefix, "") else f"{code}(?:{prefix})")
    return "|".join(possible), "|".join(unclear)


@cache
def trunk_patterns() -> tuple[tuple[str, RegionPatterns], ...]:
    """(plus, country code and national prefix; patterns of the number after it) for countries that write both."""
    found = []
    for region in ("DE", "FR", "NL", "AT", "CH", "BE", "SE", "IN"):
        patterns = region_patterns(region)
        if patterns and patterns.prefix and patterns.lengths:
            found.append((f"+{patterns.country_code}{patterns.prefix}", patterns))
    return tuple(found)
