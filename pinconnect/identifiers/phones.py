"""Phone numbers: the rule for one number.

It is lenient on purpose where the number is explicit (numbering plans change faster than metadata) and strict where
something is guessed.
"""

from __future__ import annotations

import re
import unicodedata

import phonenumbers

from pinconnect.identifiers.texts import Refused

# E.164 allows 15 digits with the country code; nothing shorter than 8 is a full number anywhere.
MIN_DIGITS = 8
MAX_DIGITS = 15

# What people put between digits. The fast path strips the ASCII ones.
ASCII_SEPARATORS = " ().-/"
_SEPARATORS = re.compile(r"[\s().\-/‐-―−・ー－／（）．\[\]~\u200b-\u200f\u2060\u00ad]+")
_EXTENSION = re.compile(
    r"\s*(?:;\s*ext\s*=|,|#|\b(?:ext(?:ension|n)?|x|доб)\b\.?|x)\s*[:.#]?\s*[0-9]{1,7}\s*#?$", re.IGNORECASE
)
_NUMBER = re.compile(r"\+?[0-9]+")
_DIGITS = re.compile(r"[0-9]+")
_COUNTRY_CODES = frozenset(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)


def is_known_country(region: str) -> bool:
    """Whether the two letters can be a default country."""
    return region.upper() in phonenumbers.SUPPORTED_REGIONS


def normalise(text: str, default_country: str | None, steps: list[str]) -> str:
    """E.164 digits without the plus; raises Refused with a reason code.

    With a plus or 00, a known country code and 8 to 15 digits are enough. Without, the default country's lengths must
    fit; without a default country the number must be valid with the country code it seems to start with.
    """
    number = _clean(text, steps)
    if len(number) > MIN_DIGITS and len(set(number.lstrip("+"))) == 1:
        raise Refused("phone_dummy")
    if number.startswith("00"):
        number = "+" + number[2:]
        steps.append("Read the leading 00 as a plus.")
    if len(number.lstrip("+")) > 25:
        raise Refused("phone_too_long")
    if number.startswith("+"):
        parsed = _parse(number, None)
    elif default_country:
        parsed = _national(number, default_country, steps)
    else:
        parsed = _guessed(number)
        steps.append("Took the first digits as the country code.")
    digits = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)[1:]
    if not MIN_DIGITS <= len(digits) <= MAX_DIGITS:
        raise Refused("phone_too_short" if len(digits) < MIN_DIGITS else "phone_too_long")
    if len(set(phonenumbers.national_significant_number(parsed))) == 1:
        raise Refused("phone_dummy")
    if digits != text:
        steps.append("Kept country code and number, digits only.")
    return digits


def check_e164(text: str) -> str:
    """The digits as they are, for a column that is said to hold nothing else; raises Refused with a reason code.

    8 to 15 digits that start with a known country code; nothing is taken away, added or guessed.
    """
    if not _DIGITS.fullmatch(text):
        raise Refused("phone_letters" if any(char.isalpha() for char in text) else "phone_not_digits")
    if len(text) < MIN_DIGITS:
        raise Refused("phone_too_short")
    if len(text) > MAX_DIGITS:
        raise Refused("phone_too_long")
    # No country code is the beginning of another one.
    code = next((text[:size] for size in (1, 2, 3) if int(text[:size]) in _COUNTRY_CODES and text[0] != "0"), None)
    if code is None:
        raise Refused("phone_no_country" if text[0] == "0" else "phone_unknown_country")
    if len(set(text[len(code) :])) == 1:
        raise Refused("phone_dummy")
    return text


def _clean(text: str, steps: list[str]) -> str:
    folded = text if text.isascii() else "".join(_ascii_digit(char) for char in text)
    without = _EXTENSION.sub("", folded)
    if without != folded:
        steps.append("Dropped the extension.")
    number = _SEPARATORS.sub("", without)
    if _NUMBER.fullmatch(number):
        return number
    raise Refused("phone_letters" if any(char.isalpha() for char in number) else "phone_bad_character")


def _ascii_digit(char: str) -> str:
    if char == "＋":
        return "+"
    return str(unicodedata.decimal(char)) if char.isdecimal() else char


def _parse(number: str, region: str | None) -> phonenumbers.PhoneNumber:
    try:
        return phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException as error:
        raise Refused(_PARSE_REASONS.get(error.error_type, "phone_bad_character")) from None


_PARSE_REASONS = {
    phonenumbers.NumberParseException.INVALID_COUNTRY_CODE: "phone_unknown_country",
    phonenumbers.NumberParseException.NOT_A_NUMBER: "phone_too_short",
    phonenumbers.NumberParseException.TOO_SHORT_AFTER_IDD: "phone_too_short",
    phonenumbers.NumberParseException.TOO_SHORT_NSN: "phone_too_short",
    phonenumbers.NumberParseException.TOO_LONG: "phone_too_long",
}


def _national(number: str, default_country: str, steps: list[str]) -> phonenumbers.PhoneNumber:
    parsed = _parse(number, default_country.upper())
    found = phonenumbers.is_possible_number_with_reason(parsed)
    if found != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise Refused("phone_too_short" if len(number) < MIN_DIGITS - 1 else "phone_wrong_length")
    steps.append(f"Added the country code of {default_country.upper()}.")
    return parsed


def _guessed(number: str) -> phonenumbers.PhoneNumber:
    if len(number) < MIN_DIGITS:
        raise Refused("phone_too_short")
    if number.startswith("0"):
        raise Refused("phone_no_country")
    try:
        parsed = phonenumbers.parse("+" + number, None)
    except phonenumbers.NumberParseException:
        raise Refused("phone_no_country") from None
    if not phonenumbers.is_valid_number(parsed):
        raise Refused("phone_no_country")
    return parsed
