"""The client: the exact request, the repeats, what watchers are told, and what never leaks."""

import json
import logging
import traceback
from typing import Any

import pytest
import requests
import responses
from responses import matchers

from pinconnect.pinterest import errors, limits
from pinconnect.pinterest.client import Client, Exchange, RateHeaders, path
from tests.pinterest.conftest import API

RATE = {"x-ratelimit-limit": "400", "x-ratelimit-remaining": "7", "x-ratelimit-reset": "3", "x-pinterest-rid": "77"}


def test_the_request_is_exactly_this(api: responses.RequestsMock, client: Client) -> None:
    api.post(
        f"{API}/things",
        json={"id": "1"},
        headers=RATE,
        match=[
            matchers.query_param_matcher({"order": "A B"}),
            matchers.header_matcher(
                {"Authorization": "Bearer pina_token", "Accept": "application/json", "Content-Type": "application/json"}
            ),
            matchers.json_params_matcher({"name": "Ä"}),
            matchers.request_kwargs_matcher(
                {
                    "timeout": (limits.CONNECT_TIMEOUT_S, limits.READ_TIMEOUT_S),
                    "stream": True,
                    "verify": True,
                    "cert": None,
                    "proxies": {},
                }
            ),
        ],
    )

    reply = client.request("POST", "/things", params={"order": "A B"}, json={"name": "Ä"}, safe_to_repeat=False)

    assert (reply.status, reply.data, reply.request_id) == (200, {"id": "1"}, "77")
    assert reply.rate == client.last_rate == RateHeaders(400, 7, 3)


def test_a_ready_body_is_sent_byte_for_byte(api: responses.RequestsMock, client: Client) -> None:
    api.patch(f"{API}/things", json={"id": "1"})

    client.request("PATCH", "/things", body=b'{ "odd" :1}', safe_to_repeat=True)

    assert api.calls[0].request.body == b'{ "odd" :1}'
    assert api.calls[0].request.headers["Content-Type"] == "application/json"


def test_two_bodies_are_a_mistake(client: Client) -> None:
    with pytest.raises(ValueError, match="not both"):
        client.request("POST", "/things", json={}, body=b"{}", safe_to_repeat=False)


def test_parts_of_a_path_are_escaped() -> None:
    assert path("ad_accounts", "1/../2?x", "audiences") == "/ad_accounts/1%2F..%2F2%3Fx/audiences"
    with pytest.raises(ValueError, match="empty"):
        path("ad_accounts", "")


@pytest.mark.parametrize("token", ["", "pina_a\nb", "pina_ä", "pina a"])
def test_an_unusable_token_is_refused_without_being_quoted(token: str) -> None:
    with pytest.raises(errors.TokenRefused) as caught:
        Client(token)

    assert "pina" not in str(caught.value)


def test_a_read_is_repeated_twice_and_then_given_up(
    api: responses.RequestsMock, client: Client, waits: list[float]
) -> None:
    for _ in range(3):
        api.get(f"{API}/things", status=503, json={"code": 4197, "message": "down"})

    with pytest.raises(errors.ServerTrouble):
        client.request("GET", "/things", safe_to_repeat=True)

    assert waits == list(limits.RETRY_DELAYS_S)


def test_a_repeat_that_succeeds_is_the_answer(api: responses.RequestsMock, client: Client, waits: list[float]) -> None:
    api.get(f"{API}/things", status=503, headers={"Retry-After": "2"}, json={"code": 4197, "message": "down"})
    api.get(f"{API}/things", json={"id": "1"})

    assert client.request("GET", "/things", safe_to_repeat=True).data == {"id": "1"}
    assert waits == [2]


def test_nobody_sleeps_on_a_rate_limit(api: responses.RequestsMock, client: Client, waits: list[float]) -> None:
    api.get(f"{API}/things", status=429, headers={"x-ratelimit-reset": "2"}, json={"code": 8, "message": "limit"})

    with pytest.raises(errors.RateLimited) as caught:
        client.request("GET", "/things", safe_to_repeat=True)

    assert (caught.value.retry_after_s, client.last_method, waits) == (2, "GET", [])


@pytest.mark.parametrize(("method", "safe"), [("POST", False), ("PATCH", True)])
def test_a_call_that_never_left_is_made_again(
    api: responses.RequestsMock, client: Client, waits: list[float], method: str, safe: bool
) -> None:
    api.add(method, f"{API}/things", body=requests.ConnectTimeout("no route"))
    api.add(method, f"{API}/things", json={"id": "1"})

    assert client.request(method, "/things", json={}, safe_to_repeat=safe).status == 200
    assert len(waits) == 1


@pytest.mark.parametrize(
    ("method", "safe", "reply", "expected"),
    [
        ("POST", False, {"status": 500}, errors.UnknownOutcome),
        ("POST", False, {"body": requests.ReadTimeout("x")}, errors.UnknownOutcome),
        ("POST", False, {"body": requests.ConnectionError("dropped")}, errors.UnknownOutcome),
        ("POST", False, {"body": "<html>"}, errors.UnknownOutcome),
        ("POST", False, {"status": 429}, errors.RateLimited),
        ("PATCH", True, {"status": 500}, errors.ServerTrouble),
        ("PATCH", True, {"body": requests.ReadTimeout("x")}, errors.UnknownOutcome),
        ("PATCH", True, {"status": 401}, errors.TokenRefused),
    ],
)
def test_a_call_that_pinterest_saw_is_made_once(
    api: responses.RequestsMock,
    client: Client,
    waits: list[float],
    method: str,
    safe: bool,
    reply: dict[str, Any],
    expected: type,
) -> None:
    api.add(method, f"{API}/things", **reply)

    with pytest.raises(errors.PinterestError) as caught:
        client.request(method, "/things", json={}, safe_to_repeat=safe)

    assert type(caught.value) is expected
    assert waits == []


def test_watchers_are_told_of_every_call_and_nothing_secret(api: responses.RequestsMock) -> None:
    seen: list[Exchange] = []
    api.get(f"{API}/things", body=requests.ReadTimeout("x"))
    api.get(f"{API}/things", status=404, headers=RATE, json={"code": 50, "message": "No jane@example.com"})

    with pytest.raises(errors.NotFound):
        Client("pina_token", observe=seen.append).request(
            "GET", "/things", params={"order": "ASC", "q": "jane"}, safe_to_repeat=True
        )

    assert [(e.status, e.error_class, e.request_id) for e in seen] == [
        (None, "ServerTrouble", None),
        (404, "NotFound", "77"),
    ]
    assert seen[1].rate == RateHeaders(400, 7, 3)
    assert all((e.method, e.path) == ("GET", "/things") and e.duration_s >= 0 for e in seen)
    assert [(e.query, e.repeat, e.code, e.message) for e in seen] == [
        ("order=ASC&q=[…]", 0, None, ""),
        ("order=ASC&q=[…]", 1, 50, "No [e-mail]"),
    ]
    assert "pina_token" not in repr(seen)
    assert "jane" not in repr(seen)


def test_rate_headers_of_refusals_are_kept(api: responses.RequestsMock, client: Client) -> None:
    api.patch(f"{API}/things", status=429, headers=RATE, json={"code": 8, "message": "limit"})

    with pytest.raises(errors.RateLimited):
        client.request("PATCH", "/things", json={}, safe_to_repeat=True)

    assert client.last_rate == RateHeaders(400, 7, 3)


def test_a_broken_watcher_hides_nothing(api: responses.RequestsMock, caplog: pytest.LogCaptureFixture) -> None:
    def broken(exchange: Exchange) -> None:
        raise RuntimeError("database is gone")

    api.patch(f"{API}/things", json={"id": "1"})

    assert Client("pina_token", observe=broken).request("PATCH", "/things", json={}, safe_to_repeat=True).status == 200
    assert "An observer of Pinterest calls failed" in caplog.text


def test_neither_errors_nor_logs_hold_what_was_sent(
    api: responses.RequestsMock, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    sent = "@".join(("joe", "example.com"))
    body = {"code": 1, "message": "Invalid record 'jane@example.com' " + "ab" * 32}
    api.get(f"{API}/things", body=requests.ReadTimeout("x"))
    api.get(f"{API}/things", status=400, json=body)

    with pytest.raises(errors.Rejected) as caught:
        client.request("GET", "/things", json={"records": sent}, safe_to_repeat=True)

    told = "".join(traceback.format_exception(caught.value)) + caplog.text + json.dumps(vars(caught.value))
    assert not [secret for secret in ("pina_token", sent, "jane@", "abab") if secret in told]


def test_the_cause_of_a_failure_is_kept(api: responses.RequestsMock, client: Client) -> None:
    api.patch(f"{API}/things", body=requests.ReadTimeout("x"))

    with pytest.raises(errors.UnknownOutcome) as caught:
        client.request("PATCH", "/things", json={}, safe_to_repeat=True)

    assert isinstance(caught.value.__cause__, requests.ReadTimeout)
