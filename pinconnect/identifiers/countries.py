"""The countries whose phone numbers are known, with their names and calling codes."""

from functools import cache

import phonenumbers
from phonenumbers.geodata.locale import LOCALE_DATA

# The library has no names for these.
_UNNAMED = {"AC": "Ascension Island", "TA": "Tristan da Cunha", "XK": "Kosovo"}


@cache
def choices() -> tuple[tuple[str, str], ...]:
    """(ISO 3166 alpha-2 code, "Germany (+49)") for every country that numbers can be read for, by name."""
    found = [
        (region, f"{_name(region)} (+{phonenumbers.country_code_for_region(region)})")
        for region in phonenumbers.SUPPORTED_REGIONS
    ]
    return tuple(sorted(found, key=lambda choice: choice[1]))


def _name(region: str) -> str:
    names = LOCALE_DATA.get(region, {})
    name = names.get("en", "")
    # The data says "*aa" where a name is the same as in the language called aa.
    return str(names.get(name[1:], "") if name.startswith("*") else name) or _UNNAMED.get(region, region)
