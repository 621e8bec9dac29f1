"""Sends one HTTP call over a pooled connection and reads a bounded answer; knows nothing of what Pinterest means."""

from __future__ import annotations

import os
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy

import requests
import urllib3.exceptions

from pinconnect.pinterest import limits
from pinconnect.pinterest.types import Shape

_READ_SIZE = 65_536
_local = threading.local()


@dataclass(frozen=True)
class Call:
    """One call: everything needed to send it, and to send it again.

    path: what is told to observers; the url also holds the host and the query. shape: what they are told of the body.
    is_confidential: the answer holds tokens, and observers are told nothing of it.
    """

    method: str
    path: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(repr=False)
    safe_to_repeat: bool
    shape: Shape | None = None
    is_confidential: bool = False


@dataclass(frozen=True)
class Answer:
    """A status that arrived; complete is False when the body broke off, was too large or came too slowly."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    complete: bool


def send(call: Call) -> Answer:
    """Send the call once. Raises requests.RequestException when no status arrived."""
    deadline = time.monotonic() + limits.ANSWER_DEADLINE_S
    response = _session().request(
        call.method,
        call.url,
        data=call.body,
        headers=dict(call.headers),
        timeout=(limits.CONNECT_TIMEOUT_S, limits.READ_TIMEOUT_S),
        # A redirect would carry the token elsewhere; the API has none.
        allow_redirects=False,
        stream=True,
    )
    with response:
        body, complete = _read(response, deadline)
    return Answer(response.status_code, response.headers, body, complete)


def never_left(error: BaseException) -> bool:
    """Whether this failure proves that the call did not reach Pinterest: no address, no connection, no trust."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    inner = error.args[0] if error.args else None
    reason = inner.reason if isinstance(inner, urllib3.exceptions.MaxRetryError) else inner
    if isinstance(reason, urllib3.exceptions.NewConnectionError | urllib3.exceptions.ConnectTimeoutError):
        return True
    # The certificate is checked before the first byte of the call is sent; later TLS faults prove nothing.
    return isinstance(reason, urllib3.exceptions.SSLError) and any(
        isinstance(part, ssl.SSLCertVerificationError) for part in reason.args
    )


def _read(response: requests.Response, deadline: float) -> tuple[bytes, bool]:
    chunks: list[bytes] = []
    size = 0
    try:
        # read1 returns what has arrived, so a server that drips bytes cannot hold us beyond the deadline.
        while chunk := response.raw.read1(_READ_SIZE, decode_content=True):
            size += len(chunk)
            if size > limits.ANSWER_BYTES or time.monotonic() > deadline:
                return b"", False
            chunks.append(chunk)
    except (urllib3.exceptions.HTTPError, OSError):
        return b"", False
    return b"".join(chunks), True


def _session() -> requests.Session:
    # requests does not promise that a session may be shared by threads, so each thread has its own.
    session: requests.Session | None = getattr(_local, "session", None)
    if session is None:
        session = _local.session = _new_session()
    return session


def _new_session() -> requests.Session:
    session = requests.Session()
    # The environment may name proxies and a netrc with other credentials; neither may meet a customer's token.
    session.trust_env = False
    # Cookies of one Pinterest user must not travel with the token of another.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers["User-Agent"] = "PinConnect"
    return session


def forget_sessions() -> None:
    """Start with fresh connections; after a fork, parent and child would talk over the same ones."""
    global _local
    _local = threading.local()


os.register_at_fork(after_in_child=forget_sessions)
