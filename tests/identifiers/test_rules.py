"""Why values are refused, how treatments differ, and that each step is said in words."""

import hashlib
import sys

import pytest

from pinconnect.identifiers import kinds, reasons, texts
from pinconnect.identifiers.rules import judge

ADDRESS = hashlib.sha256(b"test@example.com").hexdigest()
MAID = "cdda802e-fb9c-47ad-9866-0794d394c912"


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        ("email", "", "blank"),
        ("email", " \u00a0\u200b\ufeff\x00", "blank"),
        ("email", "NULL", "placeholder"),
        ("email", "caf\ufffd@example.com", "undecodable"),
        ("email", "a\x07b@example.com", "control_character"),
        ("email", "nobody", "email_no_at"),
        ("email", "a@b@example.com", "email_many_at"),
        ("email", "a b@example.com", "email_space"),
        ("email", "a\nb@example.com", "email_space"),
        ("email", "a@example.com,b@example.com", "email_bad_character"),
        ("email", "Jane<jane@example.com>", "email_bad_character"),
        ("email", "ja\u200bne@example.com", "email_bad_character"),
        ("email", "@example.com", "email_bad_name"),
        ("email", "a..b@example.com", "email_bad_name"),
        ("email", "a" * 65 + "@example.com", "email_bad_name"),
        ("email", "a@localhost", "email_bad_domain"),
        ("email", "a@127.0.0.1", "email_bad_domain"),
        ("email", "a@-x.com", "email_bad_domain"),
        ("email", "a@" + ".".join(["b" * 60] * 5) + ".com", "email_too_long"),
        ("phone", "call me", "phone_letters"),
        ("phone", "+1 415 555 2671, +1 415 555 2672", "phone_bad_character"),
        ("phone", "+1 415", "phone_too_short"),
        ("phone", "+1 415 555 2671 4155 55", "phone_too_long"),
        ("phone", "020 7946 0958", "phone_no_country"),
        ("phone", "4155552671", "phone_no_country"),
        ("phone", "+210 123 456 789", "phone_unknown_country"),
        ("phone", "+1 000 000 0000", "phone_dummy"),
        ("gaid", "device-17", "maid_not_an_id"),
        ("idfa", texts.ZERO_MAID, "maid_zero"),
        ("gaid", "0" * 32, "maid_zero"),
        ("maid", "CDDA802E-fb9c-47ad-9866-0794d394c912", "maid_mixed_case"),
        ("lr_id", "XY 123", "id_bad_character"),
        ("dlx_id", "a,b", "id_bad_character"),
        ("lr_id", "x" * 513, "id_too_long"),
        ("lr_id", texts.ZERO_MAID, "id_zero"),
        ("dlx_id", "0", "id_zero"),
        ("pinner_id", "0" * 20, "id_zero"),
        ("pinner_id", "jane", "pinner_not_a_number"),
        ("email", "55502f40dc8b7c769880b10874abc9d0", "md5"),
        ("phone", "567159d622ffbb50b11b0efd307be358624a26ee", "sha1"),
    ],
)
def test_value_is_refused_for_its_own_reason(kind, value, reason):
    verdict = judge(kind, value)

    assert (verdict.reason, verdict.digest) == (reason, None)
    assert reason in reasons.VALUE_REASONS


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_hash_is_lower_cased_and_never_hashed_again(kind):
    verdict = judge(kind, f" {ADDRESS.upper()} ")

    assert verdict.digest.hex() == ADDRESS
    assert verdict.already_hashed
    assert verdict.steps[-1] == "Recognised a SHA-256 hash: lower-cased, not hashed again."


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_treatment_decides_whether_a_hash_is_welcome(kind):
    assert judge(kind, ADDRESS, "plain").reason == "hash_in_plain"
    assert judge(kind, ADDRESS, "hashed").digest.hex() == ADDRESS
    assert judge(kind, "test@example.com", "hashed").reason == "not_a_hash"


@pytest.mark.parametrize("kind", kinds.KINDS)
@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("", "hash_of_blank"),
        ("null", "hash_of_placeholder"),
        ("N/A", "hash_of_placeholder"),
        (texts.ZERO_MAID, "hash_of_placeholder"),
    ],
)
def test_hash_of_nothing_is_nobody(kind, word, reason):
    assert judge(kind, hashlib.sha256(word.encode()).hexdigest().upper()).reason == reason


def test_all_white_space_of_python_is_trimmed():
    assert {chr(code) for code in range(sys.maxunicode + 1) if chr(code).isspace()} <= set(texts.TRIM)


def test_thirty_two_digits_are_a_maid_without_dashes_unless_the_column_is_hashed():
    bare = MAID.replace("-", "")

    assert judge("gaid", bare).normalised == MAID
    assert judge("gaid", bare, "hashed").reason == "md5"


@pytest.mark.parametrize("kind", ["email", "phone", "gaid", "idfa", "maid"])
@pytest.mark.parametrize(("name", "size"), [("md5", 16), ("sha1", 20), ("sha256", 32)])
def test_other_hashes_are_passed_on_only_where_the_column_says_so(kind, name, size):
    value = hashlib.new(name, b"test@example.com").hexdigest()

    verdict = judge(kind, value.upper(), "any_hash")

    assert (verdict.digest.hex(), len(verdict.digest), verdict.already_hashed) == (value, size, True)
    assert judge(kind, "test@example.com", "any_hash").reason == "not_a_hash"
    if name != "sha256":
        assert judge(kind, value, "hashed").reason == name


@pytest.mark.parametrize(("word", "reason"), [("", "hash_of_blank"), ("n/a", "hash_of_placeholder")])
@pytest.mark.parametrize("name", ["md5", "sha1"])
def test_other_hash_of_nothing_is_nobody_either(name, word, reason):
    assert judge("email", hashlib.new(name, word.encode()).hexdigest(), "any_hash").reason == reason


def test_other_hashes_are_offered_for_what_pinterest_takes_them_for():
    offered = {code for code, kind in kinds.KINDS.items() if "any_hash" in kind.treatments}

    assert offered == {"email", "phone", "gaid", "idfa", "maid"}
    assert [code for code, kind in kinds.KINDS.items() if "e164" in kind.treatments] == ["phone"]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("14155552671", None),
        (" 4917112345678 ", None),
        ("+14155552671", "phone_not_digits"),
        ("1 415 555 2671", "phone_not_digits"),
        ("٤٩١٧١١٢٣٤٥٦٧", "phone_not_digits"),
        ("call me", "phone_letters"),
        ("1415555", "phone_too_short"),
        ("4915112345678901", "phone_too_long"),
        ("02079460958", "phone_no_country"),
        ("210123456789", "phone_unknown_country"),
        ("14444444444", "phone_dummy"),
        (ADDRESS, "hash_in_plain"),
        ("", "blank"),
    ],
)
def test_digits_with_country_code_are_checked_and_never_cleaned(value, reason):
    verdict = judge("phone", value, "e164", "DE")

    assert verdict.reason == reason
    assert verdict.normalised == (None if reason else value.strip())


@pytest.mark.parametrize(
    ("value", "country", "reason"),
    [
        ("555-2671", "US", "phone_wrong_length"),
        ("55526", "US", "phone_too_short"),
        ("442079460958", "US", "phone_wrong_length"),
        ("415 555 26710", "US", "phone_wrong_length"),
        ("000 000 0000", "US", "phone_dummy"),
        ("222 222 2222", "US", "phone_dummy"),
    ],
)
def test_number_that_does_not_fit_the_default_country_is_refused(value, country, reason):
    assert judge("phone", value, "auto", country).reason == reason


@pytest.mark.parametrize("value", ["(415) 555-2671", "1 415 555 2671", "+1 415-555-2671 x22", "+1 (415) 555.2671 #9"])
def test_ways_of_writing_a_number_give_one_digest(value):
    assert judge("phone", value, "auto", "US").normalised == "14155552671"


def test_steps_say_what_was_done():
    assert judge("email", " Jane@Example.com ").steps == (
        "Removed spaces and invisible characters at the ends.",
        "Lower-cased, with accented letters in their composed form.",
        "Hashed with SHA-256.",
    )
    assert "Added the country code of GB." in judge("phone", "020 7946 0958", "auto", "GB").steps


def test_every_reason_has_words_and_none_is_told_twice():
    assert len(reasons.REASONS) == len(reasons.VALUE_REASONS + reasons.ROW_REASONS + reasons.SOURCE_REASONS) > 40
    for reason in reasons.REASONS.values():
        assert reason.title
        assert reason.meaning.endswith(".")
        assert reason.action.endswith(".")
    assert reasons.get("something_new").title == "something new"


def test_every_kind_has_a_wire_and_wire_numbers_are_for_ever():
    assert {kind.wire for kind in kinds.KINDS.values()} == set(kinds.WIRE_NUMBERS)
    assert kinds.WIRE_NUMBERS == {"email": 1, "phone": 2, "maid": 3, "lr_id": 4, "dlx_id": 5, "pinner_id": 6}
    assert [code for code, _ in kinds.choices()] == list(kinds.KINDS)
