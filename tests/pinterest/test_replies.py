"""Every answer Pinterest is known to give, and the class it becomes."""

import json
from typing import Any

import pytest
import requests

from pinconnect.pinterest import errors, replies, transport
from tests.pinterest.test_errors import every_class

READ = transport.Call("GET", "/p", "http://pinterest.test/v5/p", {}, None, safe_to_repeat=True)
CHANGE = transport.Call("PATCH", "/p", "http://pinterest.test/v5/p", {}, b"{}", safe_to_repeat=True)
CREATION = transport.Call("POST", "/p", "http://pinterest.test/v5/p", {}, b"{}", safe_to_repeat=False)
SCOPE = "Your token does not have sufficient permissions to perform this operation."
CONSUMER = "Your application consumer type is not supported, please contact support."


def answer(
    status: int, body: Any = None, headers: dict[str, str] | None = None, complete: bool = True
) -> transport.Answer:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return transport.Answer(status, requests.structures.CaseInsensitiveDict(headers or {}), data, complete)


def refused(call: transport.Call, given: transport.Answer) -> errors.PinterestError:
    with pytest.raises(errors.PinterestError) as caught:
        replies.understand(call, given)
    return caught.value


REFUSALS = [
    (READ, 400, {"code": 1, "message": "Invalid request"}, errors.Rejected),
    (READ, 400, {"code": 12, "message": "something went wrong"}, errors.ServerTrouble),
    (CREATION, 400, {"code": 12, "message": "something went wrong"}, errors.UnknownOutcome),
    (CREATION, 400, {"code": 283, "message": "The authorization grant is invalid"}, errors.TokenRefused),
    (CREATION, 400, {"error": "invalid_grant"}, errors.TokenRefused),
    (READ, 401, {"code": 2, "message": "Authentication failed."}, errors.TokenRefused),
    (READ, 401, {"code": 3, "message": SCOPE}, errors.MissingScope),
    (READ, 401, {"code": 3, "message": CONSUMER}, errors.NotPermitted),
    (READ, 401, {"code": 7, "message": "Not authorized to access board or Pin."}, errors.NotPermitted),
    (READ, 401, {"code": 29, "message": "You are not permitted to access that resource."}, errors.NotPermitted),
    (CREATION, 401, {"error": "invalid_client"}, errors.NotPermitted),
    (READ, 401, b"<html>", errors.TokenRefused),
    (CHANGE, 403, {"code": 29, "message": "You are not permitted to access that resource."}, errors.NotPermitted),
    (READ, 404, {"code": 2, "message": "AdAccount not found."}, errors.NotFound),
    (READ, 405, {"code": 405, "message": "Method not allowed"}, errors.Rejected),
    (READ, 409, {"code": 409, "message": "Conflict"}, errors.Rejected),
    (CHANGE, 413, b"too large", errors.TooLarge),
    (CHANGE, 422, {"code": 1, "message": "no"}, errors.Rejected),
    (READ, 429, {"code": 8, "message": "This request exceeded a rate limit."}, errors.RateLimited),
    (CREATION, 429, {"code": 8, "message": "This request exceeded a rate limit."}, errors.RateLimited),
    (CHANGE, 429, {"code": 9, "message": "no", "message_detail": "Blocked as spam"}, errors.FlaggedAsSpam),
    (READ, 408, b"", errors.ServerTrouble),
    (CHANGE, 500, {"code": 500, "message": "oops"}, errors.ServerTrouble),
    (CREATION, 500, {"code": 500, "message": "oops"}, errors.UnknownOutcome),
    (CREATION, 502, b"<html>", errors.UnknownOutcome),
    (READ, 503, {"code": 4197, "message": "ramped down"}, errors.ServerTrouble),
    (READ, 302, b"", errors.ServerTrouble),
    (CREATION, 302, b"", errors.UnknownOutcome),
    (READ, 200, b"<html>", errors.ServerTrouble),
    (CHANGE, 200, b'{"id": "1', errors.UnknownOutcome),
    (CREATION, 201, b"[]", errors.UnknownOutcome),
    (READ, 200, b"[" * 100_000, errors.ServerTrouble),
    (READ, 400, {"code": "1", "message": 5}, errors.Rejected),
    (READ, 400, [1], errors.Rejected),
]


@pytest.mark.parametrize(("call", "status", "body", "expected"), REFUSALS)
def test_each_answer_becomes_its_class(call: transport.Call, status: int, body: Any, expected: type) -> None:
    error = refused(call, answer(status, body))

    assert type(error) is expected
    assert error.status == status


FAILURES = [
    (READ, requests.ConnectTimeout("x"), errors.NotSent),
    (READ, requests.ReadTimeout("x"), errors.ServerTrouble),
    (CHANGE, requests.ReadTimeout("x"), errors.UnknownOutcome),
    (CREATION, requests.ConnectionError("reset"), errors.UnknownOutcome),
]


@pytest.mark.parametrize(("call", "failure", "expected"), FAILURES)
def test_each_failure_becomes_its_class(call: transport.Call, failure: Any, expected: type) -> None:
    assert type(replies.from_failure(call, failure)) is expected


def test_every_class_of_the_tree_is_reached() -> None:
    reached = {kind for *_, kind in REFUSALS} | {kind for *_, kind in FAILURES}
    groups = {errors.PinterestError, errors.Transient, errors.Terminal, errors.AccessLost}

    assert reached | groups == every_class()


@pytest.mark.parametrize("call", [READ, CHANGE, CREATION])
def test_no_status_escapes_the_tree(call: transport.Call) -> None:
    for status in range(300, 600):
        assert refused(call, answer(status, b"\xff\x00")).status == status


def test_facts_of_the_refusal_are_kept() -> None:
    error = refused(READ, answer(403, {"code": 29, "message": "no jane@example.com"}, {"x-pinterest-rid": "12345"}))

    assert (error.code, error.request_id, error.pinterest_message) == (29, "12345", "no [e-mail]")


def test_an_incomplete_body_of_a_refusal_still_counts_by_status() -> None:
    assert type(refused(CHANGE, answer(403, b"", complete=False))) is errors.NotPermitted


def test_an_incomplete_body_of_a_success_is_lost() -> None:
    assert type(refused(CREATION, answer(200, b"{}", complete=False))) is errors.UnknownOutcome


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"x-ratelimit-reset": "7"}, 7),
        ({"x-ratelimit-reset": "67150"}, 67150),
        ({"x-ratelimit-reset": "7", "Retry-After": "30"}, 30),
        ({"x-ratelimit-reset": "0"}, 1),
        ({"x-ratelimit-reset": "99999999"}, 86400),
        ({"x-ratelimit-reset": "soon"}, 60),
        ({}, 60),
    ],
)
def test_the_wait_of_a_rate_limit_is_seconds_left(headers: dict[str, str], expected: float) -> None:
    error = refused(CHANGE, answer(429, {"code": 8, "message": "limit"}, headers))

    assert isinstance(error, errors.RateLimited)
    assert error.retry_after_s == expected


def test_the_wait_a_troubled_server_asks_for_is_kept() -> None:
    error = refused(READ, answer(503, b"", {"Retry-After": "120"}))

    assert isinstance(error, errors.ServerTrouble)
    assert error.retry_after_s == 120


def test_rate_headers_are_read_with_their_windows() -> None:
    headers = {"x-ratelimit-limit": "100, 100;w=1, 1000;w=60", "x-ratelimit-remaining": "99", "x-ratelimit-reset": "1"}

    assert replies.rate_headers(headers) == replies.RateHeaders(100, 99, 1, ((100, 1), (1000, 60)))


@pytest.mark.parametrize("missing", ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"])
def test_partial_rate_headers_count_as_none(missing: str) -> None:
    headers = {"x-ratelimit-limit": "100", "x-ratelimit-remaining": "99", "x-ratelimit-reset": "0"}
    assert replies.rate_headers(headers) == replies.RateHeaders(100, 99, 0)

    assert replies.rate_headers(headers | {missing: "x"}) is None


def test_an_odd_request_id_is_left_out() -> None:
    assert replies.request_id({"x-pinterest-rid": "abc\tdef <b>"}) is None


def test_an_empty_success_has_no_data() -> None:
    reply = replies.understand(CHANGE, answer(204, b"", {"x-pinterest-rid": "9"}))

    assert reply == replies.Reply(204, None, None, "9")


@pytest.mark.parametrize(("is_read", "expected"), [(True, errors.ServerTrouble), (False, errors.UnknownOutcome)])
@pytest.mark.parametrize("data", [None, {}, {"id": None}])
def test_an_answer_without_what_it_must_hold_is_lost(data: Any, is_read: bool, expected: type) -> None:
    with pytest.raises(expected):
        replies.parsed(replies.Reply(200, data, None, "9"), lambda found: found["id"].upper(), is_read=is_read)
