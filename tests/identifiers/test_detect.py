"""Columns are proposed as what they hold, by name and by content, and doubt is left to the marketer."""

import hashlib

import pytest

from pinconnect.identifiers.detect import hinted_kind, propose

EMAILS = [f"user{n}@example.com" for n in range(20)]
PHONES = [f"+1415555{n:04d}" for n in range(20)]
LOCAL = [f"(415) 555-{n:04d}" for n in range(20)]
MAIDS = [f"{n:08x}-abcd-4abc-8abc-0123456789ab" for n in range(20)]
HASHES = [hashlib.sha256(text.encode()).hexdigest() for text in EMAILS]


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("email", EMAILS, "email"),
        ("Kontakt", EMAILS, "email"),
        ("phone", PHONES, "phone"),
        ("Column 3", PHONES, "phone"),
        ("device", MAIDS, "gaid"),
        ("device", [text.upper() for text in MAIDS], "idfa"),
        ("idfa", MAIDS, "idfa"),
        ("device", MAIDS[:10] + [text.upper() for text in MAIDS[10:]], "maid"),
        ("lr_id", [f"XY{n:020d}" for n in range(9)], "lr_id"),
        ("pinner_id", ["123456", "234567"], "pinner_id"),
        ("order number", [str(100000000 + n) for n in range(20)], None),
        ("city", ["Berlin", "Paris", "Rome"], None),
        ("email", ["Berlin", "Paris", "Rome"], None),
        ("notes", [], None),
        ("mobile", [], "phone"),
    ],
)
def test_column_is_proposed_as(name, values, kind):
    assert propose(name, values).kind == kind


def test_hashed_column_follows_its_name_and_is_doubtful_without_one():
    named, unnamed = propose("hashed_phone", HASHES), propose("h", HASHES)

    assert (named.kind, named.treatment, named.confidence) == ("phone", "hashed", 1.0)
    assert (unnamed.kind, unnamed.confidence) == ("email", 0.5)
    assert propose("email", HASHES[:15] + EMAILS[:5]).treatment == "auto"


@pytest.mark.parametrize("name", ["md5", "sha1"])
def test_other_hashes_are_seen_and_left_to_the_marketer(name):
    hashes = [hashlib.new(name, text.encode()).hexdigest() for text in EMAILS]

    found = propose("email_hash", hashes)

    assert (found.kind, found.treatment, found.other_hashes) == ("email", "auto", True)
    assert not propose("email", EMAILS).other_hashes


def test_device_ids_without_dashes_are_no_hashes():
    found = propose("gaid", [text.replace("-", "") for text in MAIDS])

    assert (found.kind, found.other_hashes) == ("gaid", False)


def test_blank_and_placeholder_values_are_no_evidence():
    assert propose("a", ["", "null", " ", *EMAILS[:2], "n/a"]).confidence == 1.0


def test_numbers_without_country_code_ask_for_a_default_country():
    assert propose("phone", LOCAL).default_country_needed
    assert not propose("phone", PHONES).default_country_needed


def test_confidence_is_the_share_that_fits():
    assert propose("email", EMAILS[:15] + ["x"] * 5).confidence == 0.75


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("E-Mail", "email"),
        ("customerEmail", "email"),
        ("EMAIL_ADDRESS", "email"),
        ("Mobile Phone", "phone"),
        ("mobile_ad_id", "maid"),
        ("google ad id", "gaid"),
        ("LiveRamp ID", "lr_id"),
        ("telephone no.", "phone"),
        ("hotel", None),
        ("", None),
    ],
)
def test_names_point_to_kinds(name, kind):
    assert hinted_kind(name) == kind
