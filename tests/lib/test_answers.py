"""Answers of foreign servers are kept bounded, readable and without anything secret."""

import json

import pytest

from pinconnect.lib import answers
from tests.lib import nasty


@pytest.mark.parametrize(("text", "secrets"), nasty.TEXTS)
def test_nothing_secret_is_left_of_a_text(text: str, secrets: tuple[str, ...]) -> None:
    found = answers.mask(text)

    assert not [secret for secret in secrets if secret in found], found
    assert answers.mask(found) == found, "masking twice changes nothing"


@pytest.mark.parametrize(("text", "secrets"), nasty.TEXTS)
def test_nothing_secret_is_left_of_a_body_whatever_its_shape(text: str, secrets: tuple[str, ...]) -> None:
    bodies = [
        text.encode(),
        json.dumps({"message": text}).encode(),
        json.dumps({text: [text, {"details": {"deep": text}}]}).encode(),
        f"<html><body>{text}</body></html>".encode(),
    ]

    for body in bodies:
        found = answers.show(body)
        assert not [secret for secret in secrets if secret in found], found


def test_fields_that_give_their_values_away_are_hidden() -> None:
    found = answers.show(json.dumps(nasty.FIELDS).encode())

    assert not [secret for secret in nasty.IN_FIELDS if secret in found], found


def test_a_secret_that_is_cut_in_the_middle_is_not_shown_by_half() -> None:
    for at in range(2_900, 3_010):
        found = answers.mask("- " * ((at - 1) // 2) + nasty.DIGEST + " " + nasty.ADDRESS, longest=4_000)
        assert nasty.DIGEST[:8] not in found
        assert "jane" not in found


def test_what_helps_stays_readable() -> None:
    body = {
        "id": "2680059592705",
        "ad_account_id": "549700000101",
        "name": "Customer List-Newsletter",
        "status": "PROCESSING",
        "num_batches": 3,
        "num_uploaded_user_records": 30_000_000,
        "created_time": 1_764_000_000,
        "updated_time": 1_764_000_000_000,
        "exceptions": [],
        "is_new": True,
        "type": None,
    }

    assert json.loads(answers.show(json.dumps(body).encode())) == body
    message = "Sorry! We could not find that customer list. Rate limit is 400 per 60 s, HTTP 429 (code 4197)."
    assert answers.mask(message) == message


def test_long_answers_are_cut_and_say_so() -> None:
    many = json.loads(answers.show(json.dumps({"items": [{"id": str(n)} for n in range(250)]}).encode()))
    wide = answers.show(json.dumps({f"field_{'abc'[n % 3] * (n // 3 + 1)}": n for n in range(60)}).encode())

    assert many["items"][:2] == [{"id": "0"}, {"id": "1"}]
    assert many["items"][-1] == "… 245 more"
    assert "20 more" in wide or wide.endswith("…")
    assert len(answers.show(b'{"a": "' + b"word " * 20_000 + b'"}')) <= 2_000
    assert answers.show(b"x" * 300_000) == "[300,000 bytes, too long to be kept]"
    assert answers.show(b" \n") == ""


def test_odd_bodies_are_no_trouble() -> None:
    assert answers.show(b"\xff\xfe\x00 not text").isprintable()
    assert "[…]" in answers.show(b'{"a":' * 40 + b"1" + b"}" * 40)
    assert answers.show(b"[" * 100_000)
    assert answers.show(b"1" * 30)


def test_plain_data_keeps_its_shape_and_loses_its_secrets() -> None:
    plain = {"records": 12_000_000, "customer_list_id": "2680059592705", "at": "2026-11-26T11:31:08.123Z"}
    found = answers.masked({"a": [nasty.ADDRESS, {"b": f"one\n  {nasty.DIGEST}"}], "access_token": "short", **plain})

    assert found == {"a": ["[e-mail]", {"b": "one\n  [digest]"}], "access_token": "[hidden]", **plain}
