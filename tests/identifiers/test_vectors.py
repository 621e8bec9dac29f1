"""The rules give the digests written down in tests/data/identifier-vectors.json."""

import json
from pathlib import Path

import pytest

from pinconnect.identifiers.rules import judge

ROWS = json.loads((Path(__file__).parent.parent / "data" / "identifier-vectors.json").read_text(encoding="utf-8"))
# What the file calls a kind, and what we call it. The other kinds belong to conversion events, not to lists.
LIST_KINDS = {
    "email": "email",
    "phone": "phone",
    "idfa": "idfa",
    "aaid": "gaid",
    "maid(sha1)": "maid",
    "maid(wrong case)": "maid",
}
EVENT_KINDS = {"fn", "ln", "ge", "db", "ct", "st", "zp", "country", "external_id"}
COUNTRIES = {"[default US]": "US", "[default GB]": "GB"}
PLACES = {"<NBSP>": "\u00a0", "<ZWSP>": "\u200b"}
REMARKS = (" (NFD form)", " (Arabic-Indic digits)")


def read_input(text: str) -> tuple[str, str | None]:
    """The value and the default country that the notation of the file stands for."""
    country = next((code for mark, code in COUNTRIES.items() if mark in text), None)
    for mark in (*COUNTRIES, *REMARKS):
        text = text.replace(mark, "")
    for mark, char in PLACES.items():
        text = text.replace(mark, char)
    return text, country


def test_every_row_belongs_to_a_known_kind():
    found = {row["kind"] for row in ROWS}

    assert found == set(LIST_KINDS) | EVENT_KINDS
    assert sum(row["kind"] in LIST_KINDS for row in ROWS) == 41


@pytest.mark.parametrize("row", [row for row in ROWS if row["kind"] in LIST_KINDS], ids=lambda row: row["input"])
def test_rule_gives_the_digest_of_the_vector(row):
    value, country = read_input(row["input"])
    if row["sha256"] and "NFD" in row["input"]:
        import unicodedata

        value = unicodedata.normalize("NFD", value)

    verdict = judge(LIST_KINDS[row["kind"]], value, "auto", country)

    assert (verdict.digest.hex() if verdict.digest else None) == row["sha256"], verdict
    if row["normalised"] and not verdict.already_hashed:
        assert verdict.normalised == row["normalised"]
