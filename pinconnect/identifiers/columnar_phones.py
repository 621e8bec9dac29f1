"""The fast path for phone numbers: SQL for what the patterns of phone_patterns prove, and NULL for the rest."""

from __future__ import annotations

from pinconnect.identifiers import phone_patterns, phones
from pinconnect.identifiers.phone_patterns import RegionPatterns
from pinconnect.identifiers.sql import full, one_of_sizes, quote, starts, when

# One digit repeated at the end may be a made-up number: the rule decides.
_REPEATED = "(" + "|".join(f"{digit}{{5}}" for digit in range(10)) + ")$"
_SEPARATED = r"[+0-9 ().\-/]+"
# The same where the first digit shows that no 00 stands in front, which saves looking for it.
_SEPARATED_CLEARLY = r"[+(]?[1-9][+0-9 ().\-/]*"
# An extension as the rule takes it off, in its commonest forms.
_EXTENDED = r"([+0-9 ().\-/]*[0-9])(?i: +ext(?:\. *| +)| *x *)[0-9]{1,7}"
# Letters that no way of writing an extension has.
_LETTERS = "[A-DF-HJ-MP-RU-WYZa-df-hj-mp-ru-wyz]"


def shape(clean: str) -> str:
    """Digits, with a plus in front where there is one or 00; NULL where other characters are inside."""
    extended = f"regexp_extract({clean}, {quote(_EXTENDED)}, 1)"
    return when(
        (full(clean, "[+1-9][0-9]*"), clean),
        (full(clean, _SEPARATED_CLEARLY), _stripped(clean)),
        (full(clean, _SEPARATED), _digits(clean)),
        (full(clean, _EXTENDED), _digits(extended)),
    )


def _stripped(text: str) -> str:
    for separator in phones.ASCII_SEPARATORS:
        text = f"replace({text}, {quote(separator)}, '')"
    return text


def _digits(text: str) -> str:
    return f"regexp_replace({_stripped(text)}, '^00', '+')"


def text(shaped: str, default_country: str | None) -> str:
    """Country code and number where that is sure."""
    accepted, excluded = phone_patterns.country_code_pattern()
    size = f"strlen({shaped})"
    explicit = when(
        (f"regexp_matches({shaped}, {quote(excluded)})", _trunk(shaped)),
        (f"{size} <= {phones.MIN_DIGITS}", "NULL"),
        (full(shaped, accepted), f"substr({shaped}, 2)"),
    )
    return when(
        (f"{size} IS NULL OR {size} NOT BETWEEN 4 AND {phones.MAX_DIGITS + 1}", "NULL"),
        (f"regexp_matches({shaped}, {quote(_REPEATED)})", "NULL"),
        (f"starts_with({shaped}, '+')", explicit),
        otherwise=_national(shaped, default_country) if default_country else _bare(shaped),
    )


def refusal(clean: str, shaped: str, default_country: str | None) -> str:
    """Reasons for numbers that are refused for sure; over the same levels as text."""
    letters = (f"regexp_matches({clean}, {quote(_LETTERS)})", quote("phone_letters"))
    unclear = (f"{shaped} IS NULL OR NOT {full(shaped, '[1-9][0-9]{0,14}')}", "NULL")
    repeated = (f"regexp_matches({shaped}, {quote(_REPEATED)})", "NULL")
    size = f"strlen({shaped})"
    if default_country is None:
        possible, stripped = phone_patterns.guess_patterns()
        return when(
            letters,
            unclear,
            (f"{size} < {phones.MIN_DIGITS}", quote("phone_too_short")),
            repeated,
            (starts(shaped, stripped), "NULL"),
            (full(shaped, possible), "NULL"),
            otherwise=quote("phone_no_country"),
        )
    found = phone_patterns.region_patterns(default_country)
    if found is None or found.is_transformed:
        return when(letters)
    changed = "|".join((*found.excluded, str(found.country_code)))
    return when(
        letters,
        unclear,
        repeated,
        (one_of_sizes(size, found.possible), "NULL"),
        (starts(shaped, changed), "NULL"),
        (f"{size} < {phones.MIN_DIGITS - 1}", quote("phone_too_short")),
        otherwise=quote("phone_wrong_length"),
    )


def e164(clean: str) -> str:
    """The digits themselves, where a column is said to hold them with country code."""
    return when(
        (f"strlen({clean}) NOT BETWEEN {phones.MIN_DIGITS} AND {phones.MAX_DIGITS}", "NULL"),
        (f"regexp_matches({clean}, {quote(_REPEATED)})", "NULL"),
        (full(clean, phone_patterns.e164_pattern()), clean),
    )


def e164_refusal(clean: str) -> str:
    """Reasons for what is not such digits."""
    return when(
        (f"regexp_matches({clean}, '[A-Za-z]')", quote("phone_letters")),
        (f"NOT {full(clean, '[0-9]+')}", quote("phone_not_digits")),
        (f"strlen({clean}) < {phones.MIN_DIGITS}", quote("phone_too_short")),
        (f"strlen({clean}) > {phones.MAX_DIGITS}", quote("phone_too_long")),
    )


def _number(number: str, patterns: RegionPatterns, excluded: str) -> str:
    """Country code and number, if the number is one of the region's and nothing would be taken off it."""
    clear = when((starts(number, excluded), "NULL"), otherwise=f"{quote(str(patterns.country_code))} || {number}")
    fitting = when((full(number, patterns.number), clear))
    return when((one_of_sizes(f"strlen({number})", patterns.lengths), fitting))


def _national(shaped: str, default_country: str) -> str:
    patterns = phone_patterns.region_patterns(default_country)
    if patterns is None or not patterns.lengths:
        return "NULL"
    excluded = "|".join((*patterns.excluded, "00"))
    alone = _number(shaped, patterns, excluded)
    if not patterns.prefix:
        return alone
    after = f"substr({shaped}, {len(patterns.prefix) + 1})"
    return when(
        (f"starts_with({shaped}, {quote(patterns.prefix)})", _number(after, patterns, excluded)), otherwise=alone
    )


def _trunk(shaped: str) -> str:
    """Country code and national prefix together, as in +49 (0) 171 …: the rule drops the prefix."""
    branches = []
    for start, found in phone_patterns.trunk_patterns():
        number = _number(f"substr({shaped}, {len(start) + 1})", found, found.prefix)
        branches.append((f"starts_with({shaped}, {quote(start)})", number))
    return when(*branches)


def _bare(shaped: str) -> str:
    """Digits that are a valid number of the country whose code they start with."""
    codes: dict[str, list[str]] = {}
    for code, general, types in phone_patterns.bare_patterns():
        number = f"substr({shaped}, {len(code) + 1})"
        codes.setdefault(code, []).append(when((full(number, general), full(number, types)), otherwise="false"))
    valid = (
        (f"starts_with({shaped}, {quote(code)})", when((" OR ".join(tests), shaped))) for code, tests in codes.items()
    )
    return when((f"strlen({shaped}) NOT BETWEEN {phones.MIN_DIGITS} AND {phones.MAX_DIGITS}", "NULL"), *valid)
