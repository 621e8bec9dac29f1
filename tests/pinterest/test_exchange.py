"""What watchers are told of a call: its shape and its masked answer, never what was sent."""

import json
from typing import Any

import pytest
import requests
import responses

from pinconnect.pinterest import customer_lists, errors, oauth
from pinconnect.pinterest.client import Client, Exchange
from pinconnect.pinterest.types import Payload, Shape
from tests.lib import nasty
from tests.pinterest.conftest import API

LISTS = f"{API}/ad_accounts/1/customer_lists"
ANSWER = {"id": "7", "ad_account_id": "1", "name": "Newsletter", "status": "READY"}


def watched(seen: list[Exchange]) -> Client:
    return Client("pina_token", observe=seen.append)


def test_a_batch_is_told_by_its_shape(api: responses.RequestsMock) -> None:
    seen: list[Exchange] = []
    api.patch(f"{LISTS}/7", json=ANSWER)
    payload = Payload(None, f'[{{"email":"{nasty.DIGEST}"}},{{"email":"{nasty.SHA1}"}}]', 2)

    customer_lists.remove(watched(seen), "1", "7", payload)

    (told,) = seen
    assert told.shape == Shape("REMOVE", 2, "3f2a")
    assert told.sent_bytes == len(api.calls[0].request.body)
    assert '"READY"' in told.answer
    assert told.answer_bytes == len(json.dumps(ANSWER))
    assert told.started_at is not None
    assert told.started_at.tzinfo is not None
    assert nasty.DIGEST[:5] not in repr(told)


@pytest.mark.parametrize("record", ["jane@example.com", "pina_token", "abcd", nasty.SHA1])
def test_of_what_is_no_digest_nothing_is_told(api: responses.RequestsMock, record: str) -> None:
    seen: list[Exchange] = []
    api.post(LISTS, json=ANSWER)

    customer_lists.create(watched(seen), "1", name="N", list_type=None, payload=Payload(record, None, 1))

    assert seen[0].shape == Shape("CREATE", 1, "")


def test_nasty_answers_are_masked_before_anybody_is_told(api: responses.RequestsMock) -> None:
    seen: list[Exchange] = []
    for text, _ in nasty.TEXTS:
        api.patch(f"{LISTS}/7", status=400, json={"code": 1, "message": text, "details": [text], **nasty.FIELDS})
        with pytest.raises(errors.Rejected):
            customer_lists.add(watched(seen), "1", "7", Payload(nasty.DIGEST, None, 1))

    assert len(seen) == len(nasty.TEXTS)
    for (text, secrets), told in zip(nasty.TEXTS, seen, strict=True):
        assert not [one for one in (*secrets, "Zebediah") if one in repr(told)], text


def test_an_unanswered_call_is_told_too(api: responses.RequestsMock) -> None:
    seen: list[Exchange] = []
    api.patch(f"{LISTS}/7", body=requests.ReadTimeout("x"))

    with pytest.raises(errors.UnknownOutcome):
        customer_lists.add(watched(seen), "1", "7", Payload(nasty.DIGEST, None, 1))

    assert (seen[0].status, seen[0].error_class, seen[0].answer) == (None, "UnknownOutcome", "")
    assert seen[0].sent_bytes > 64


def test_a_renewal_tells_nothing_of_its_tokens(api: responses.RequestsMock, settings: Any) -> None:
    seen: list[Exchange] = []
    pair = {"access_token": "plain-new-one", "refresh_token": "plain-other", "expires_in": 60, "scope": "ads:read"}
    api.post(f"{API}/oauth/token", json=pair)

    oauth.refresh("plain-old-one", observe=seen.append)

    assert seen[0].answer == "[tokens, not kept]"
    assert "plain" not in repr(seen)
