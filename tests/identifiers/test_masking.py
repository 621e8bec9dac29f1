"""A masked value helps its owner and tells nobody else anything."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinconnect.identifiers.masking import mask, mask_digest


@pytest.mark.parametrize(
    ("value", "masked"),
    [
        ("jane.doe@example.com", "j•••@e•••.com"),
        ("  jane@localhost ", "j•••@l•••"),
        ("+1 (415) 555-2671", "+1•••71"),
        ("020 7946 0958", "0•••58"),
        ("A3F1" + "0" * 60, "a3f1…"),
        ("cdda802e-fb9c-47ad-9866-0794d394c912", "cdda…"),
        ("call Maria", "c•••"),
        ("\x00\x1b[31m", "·•••"),
        ("", ""),
    ],
)
def test_value_is_masked(value, masked):
    assert mask(value) == masked


def test_digest_shows_four_digits():
    assert mask_digest(bytes.fromhex("A3F1" + "00" * 30)) == mask_digest("A3F1" + "00" * 30) == "a3f1…"


@given(st.text(st.characters(exclude_categories=("Cs",)), min_size=9, max_size=400))
def test_mask_is_short_printable_and_keeps_the_secret(value):
    masked = mask(value)

    assert len(masked) <= 40
    assert masked.isprintable()
    assert value.strip() == "" or masked != value.strip()


@given(st.emails())
def test_name_and_domain_of_an_address_stay_hidden(address):
    name, domain = address.split("@")
    masked_name, masked_domain = mask(address).split("@", 1) if "@" in mask(address) else (mask(address), "")

    assert len(masked_name) <= 5
    assert len(name) < 2 or name not in masked_name
    assert domain not in masked_domain
