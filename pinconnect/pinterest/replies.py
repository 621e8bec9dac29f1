"""What an answer or its absence means: the one place where HTTP becomes a Reply or an error of our own."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import requests

from pinconnect.lib.redact import redact
from pinconnect.pinterest import errors, limits, retry, transport

T = TypeVar("T")

# Pinterest's own numbers; the HTTP status is looked at first, because some numbers mean several things.
_CODE_MISSING_SCOPE = 3
_CODES_NOT_PERMITTED = frozenset({7, 29})
_CODE_SOMETHING_WENT_WRONG = 12
_CODE_BAD_GRANT = 283


@dataclass(frozen=True)
class RateHeaders:
    """The rate headers of an answer: calls allowed, calls left, seconds until the count starts anew.

    windows: all (calls, seconds) that the limit header lists, for example ((100, 1), (1000, 60)).
    """

    limit: int
    remaining: int
    reset_s: int
    windows: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Reply:
    """A successful answer; data is None when the body was empty."""

    status: int
    data: dict[str, Any] | None = field(repr=False)
    rate: RateHeaders | None
    request_id: str | None


def rate_headers(headers: Mapping[str, str]) -> RateHeaders | None:
    """Read x-ratelimit-limit, -remaining and -reset; None unless all three hold a number."""
    numbers = [_first_number(headers.get(f"x-ratelimit-{name}", "")) for name in ("limit", "remaining", "reset")]
    limit, remaining, reset = numbers
    if limit is None or remaining is None or reset is None:
        return None
    windows = re.findall(r"(\d{1,12})\s*;\s*w=(\d{1,9})", headers.get("x-ratelimit-limit", ""))
    return RateHeaders(
        limit, remaining, round(retry.bounded_s(reset)) if reset else 0, tuple((int(n), int(w)) for n, w in windows)
    )


def _first_number(text: str) -> int | None:
    match = re.match(r"\s*(\d{1,12})", text)
    return int(match.group(1)) if match else None


def request_id(headers: Mapping[str, str]) -> str | None:
    """Pinterest's name for a call, when it looks like one."""
    text = headers.get("x-pinterest-rid", "")
    looks_like_one = re.fullmatch(r"[\w.-]{1,64}", text) and (text.isdigit() or redact(text) == text)
    return text if looks_like_one else None


def understand(call: transport.Call, answer: transport.Answer) -> Reply:
    """A Reply for a readable 2xx answer; raises the PinterestError that fits anything else."""
    if not 200 <= answer.status < 300:
        raise _refusal(call, answer)
    rate, rid = rate_headers(answer.headers), request_id(answer.headers)
    if answer.complete and not answer.body.strip():
        return Reply(answer.status, None, rate, rid)
    data = _json_object(answer) if answer.complete else None
    if data is None:
        raise _lost(call)(
            "Pinterest accepted the call, but its answer cannot be read", status=answer.status, request_id=rid
        )
    return Reply(answer.status, data, rate, rid)


def from_failure(call: transport.Call, failure: requests.RequestException) -> errors.PinterestError:
    """The error for a call that got no status."""
    if transport.never_left(failure):
        return errors.NotSent("No connection to Pinterest could be made")
    return _lost(call)("Pinterest did not answer")


def parsed(reply: Reply, build: Callable[[dict[str, Any]], T], *, is_read: bool) -> T:
    """build(data); an answer that lacks what it must hold is as lost as one that never came."""
    lost = errors.ServerTrouble if is_read else errors.UnknownOutcome
    try:
        if reply.data is None:
            raise ValueError("empty body")
        return build(reply.data)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        summary = "Pinterest accepted the call, but its answer lacks what it should hold"
        raise lost(summary, status=reply.status, request_id=reply.request_id) from error


def _lost(call: transport.Call) -> type[errors.PinterestError]:
    return errors.ServerTrouble if call.method == "GET" else errors.UnknownOutcome


def _json_object(answer: transport.Answer) -> dict[str, Any] | None:
    try:
        data = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def _refusal(call: transport.Call, answer: transport.Answer) -> errors.PinterestError:
    body = (_json_object(answer) if answer.complete else None) or {}
    code = body.get("code") if type(body.get("code")) is int else None
    message = " ".join(str(body[key]) for key in ("message", "message_detail") if isinstance(body.get(key), str))
    facts: dict[str, Any] = {
        "status": answer.status,
        "code": code,
        "request_id": request_id(answer.headers),
        "pinterest_message": message,
    }
    if answer.status == 429:
        return _too_many(answer, message, facts)
    if answer.status < 400 or answer.status == 408 or answer.status >= 500 or code == _CODE_SOMETHING_WENT_WRONG:
        return _trouble(call, answer, facts)
    kind, summary = _terminal(answer.status, code, message, str(body.get("error", "")))
    return kind(summary, **facts)


def _too_many(answer: transport.Answer, message: str, facts: dict[str, Any]) -> errors.PinterestError:
    if "spam" in message.lower():
        return errors.FlaggedAsSpam("Pinterest blocks these calls as spam", **facts)
    wait = retry.asked_wait_s(answer.headers)
    if wait is None:
        reset = _first_number(answer.headers.get("x-ratelimit-reset", ""))
        wait = limits.UNKNOWN_WAIT_S if reset is None else retry.bounded_s(reset)
    return errors.RateLimited("Pinterest's rate limit is reached", retry_after_s=wait, **facts)


def _trouble(call: transport.Call, answer: transport.Answer, facts: dict[str, Any]) -> errors.PinterestError:
    summary = "Pinterest has trouble of its own" if answer.status >= 400 else "Pinterest answered with a redirect"
    if not call.safe_to_repeat:
        # A server may fail after it has created what was asked for, so a creation is looked up before it is repeated.
        return errors.UnknownOutcome(summary, **facts)
    error = errors.ServerTrouble(summary, **facts)
    error.retry_after_s = retry.asked_wait_s(answer.headers)
    return error


def _terminal(status: int, code: int | None, message: str, oauth_error: str) -> tuple[type[errors.Terminal], str]:
    if status == 413:
        return errors.TooLarge, "The call is larger than Pinterest takes"
    if status == 404:
        return errors.NotFound, "Pinterest does not know this object"
    if code == _CODE_BAD_GRANT or oauth_error == "invalid_grant":
        return errors.TokenRefused, "Pinterest refuses the grant"
    if status == 403:
        return errors.NotPermitted, "Pinterest does not permit this"
    if status == 401:
        return _unauthorised(code, message, oauth_error)
    return errors.Rejected, "Pinterest rejects the call"


def _unauthorised(code: int | None, message: str, oauth_error: str) -> tuple[type[errors.Terminal], str]:
    # Code 3 is used for a missing scope and for an app that Pinterest has not approved; only the words differ.
    if oauth_error == "invalid_client" or (code == _CODE_MISSING_SCOPE and "consumer type" in message):
        return errors.NotPermitted, "Pinterest does not accept this app"
    if code == _CODE_MISSING_SCOPE:
        return errors.MissingScope, "The grant lacks a permission"
    if code in _CODES_NOT_PERMITTED:
        return errors.NotPermitted, "Pinterest does not permit this"
    return errors.TokenRefused, "Pinterest refuses the token"
