"""Client: calls in the name of one Pinterest user, with time-outs, short repeats and errors of our own."""

from __future__ import annotations

import json as jsonlib
import logging
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

import requests

from pinconnect.pinterest import config, exchange, replies, retry, transport
from pinconnect.pinterest.errors import PinterestError, TokenRefused
from pinconnect.pinterest.exchange import Exchange, Observer
from pinconnect.pinterest.replies import RateHeaders, Reply
from pinconnect.pinterest.types import Shape

__all__ = ["Client", "Exchange", "Observer", "RateHeaders", "Reply", "path"]

logger = logging.getLogger(__name__)


class Client:
    """Calls Pinterest's API with one access token. Not to be shared by threads; making one costs nothing.

    observe is told of every single call, repeats included. last_rate holds the newest rate headers seen, last_method
    the method of the newest call.
    Raises TokenRefused for a token that cannot be one.
    """

    def __init__(self, access_token: str, *, observe: Observer | None = None) -> None:
        # A token with a line break would be quoted in full by the HTTP library's own complaint.
        if not re.fullmatch(r"[\x21-\x7e]+", access_token):
            raise TokenRefused("The stored token is not usable")
        self._headers = {"Authorization": f"Bearer {access_token}", "Accept": "application/json"}
        self._observe = observe
        self.last_rate: RateHeaders | None = None
        self.last_method = ""

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json: Mapping[str, Any] | None = None,
        body: bytes | None = None,
        shape: Shape | None = None,
        safe_to_repeat: bool,
    ) -> Reply:
        """Make one call and return a successful answer; anything else is raised as a PinterestError.

        path: below the API's address, starting with a slash. json or body (ready JSON text), not both.
        shape: what observers are told of the body.
        safe_to_repeat: True for reads and set operations, False for creations, of which a second one would be seen.
        """
        if json is not None and body is not None:
            raise ValueError("Give json or body, not both.")
        if json is not None:
            body = jsonlib.dumps(json, separators=(",", ":")).encode()
        headers = self._headers if body is None else {**self._headers, "Content-Type": "application/json"}
        call = transport.Call(method.upper(), path, address(path, params), headers, body, safe_to_repeat, shape)
        return perform(call, observe=self._note)

    def send(self, call: transport.Call) -> Reply:
        """Make a call to another address than the API's, without this client's token, under the same eyes."""
        return perform(call, observe=self._note)

    def _note(self, exchange: Exchange) -> None:
        self.last_method = exchange.method
        if exchange.rate is not None:
            self.last_rate = exchange.rate
        if self._observe is not None:
            self._observe(exchange)


def path(*parts: str) -> str:
    """A path below the API's address from its parts, each escaped: path("ad_accounts", "12") is /ad_accounts/12."""
    if not all(parts):
        raise ValueError("A part of the path is empty.")
    return "".join("/" + quote(part, safe="") for part in parts)


def address(path: str, params: Mapping[str, str] | None = None) -> str:
    """The full URL of a path below the API's address."""
    return config.read().api_url + path + (f"?{urlencode(params)}" if params else "")


def perform(call: transport.Call, *, observe: Observer | None = None) -> Reply:
    """Send a call, repeat it shortly where that is safe, and return the successful answer."""
    started = time.monotonic()
    repeats = 0
    while True:
        try:
            return _once(call, observe, repeats)
        except PinterestError as error:
            wait_s = retry.delay_s(
                error,
                method=call.method,
                safe_to_repeat=call.safe_to_repeat,
                repeats=repeats,
                elapsed_s=time.monotonic() - started,
            )
            if wait_s is None:
                raise
            logger.info("Repeating %s in %.1f s after %s", call.method, wait_s, type(error).__name__)
        time.sleep(wait_s)
        repeats += 1


def _once(call: transport.Call, observe: Observer | None, repeat: int) -> Reply:
    started_at, started = datetime.now(UTC), time.monotonic()
    answer: transport.Answer | None = None
    error: PinterestError | None = None
    try:
        answer = transport.send(call)
        return replies.understand(call, answer)
    except PinterestError as refusal:
        error = refusal
        raise
    except requests.RequestException as failure:
        error = replies.from_failure(call, failure)
        raise error from failure
    finally:
        if observe is not None:
            duration_s = time.monotonic() - started
            _tell(observe, call, answer, error, started_at=started_at, duration_s=duration_s, repeat=repeat)


def _tell(
    observe: Observer, call: transport.Call, answer: transport.Answer | None, error: PinterestError | None, **when: Any
) -> None:
    try:
        observe(exchange.of(call, answer, error, **when))
    except Exception:
        # A broken watcher must not hide what became of a call that was already made.
        logger.exception("An observer of Pinterest calls failed")
