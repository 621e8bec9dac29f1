"""The simulator inside the test process: requests to pinterest.test are answered by it, nothing leaves the process."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses

from pinconnect.simulator.app import Simulator
from pinconnect.simulator.http import Answer, Ending, Request
from pinconnect.simulator.world import Config

HOST = "pinterest.test"
API_URL = f"http://{HOST}/v5"
OAUTH_URL = f"http://{HOST}/oauth/"
REDIRECT_URI = "http://testserver/oauth/pinterest/callback/"
APP_ID = "1000001"
APP_SECRET = "test-app-secret"
METHODS = ("GET", "POST", "PATCH", "DELETE", "PUT")


class SimulatorInTest:
    """A simulator with helpers; app is the simulator itself. Rate limits are off and lists settle after 5 seconds."""

    api_url = API_URL
    oauth_url = OAUTH_URL
    redirect_uri = REDIRECT_URI
    app_id = APP_ID
    app_secret = APP_SECRET

    def __init__(self, data_dir: Path, **initial: Any) -> None:
        self.config = Config(data_dir, APP_ID, APP_SECRET, (REDIRECT_URI,), (HOST,), initial={"tier": "off", **initial})
        self.app = Simulator(self.config)

    def restart(self) -> None:
        """Stop and start again over the same files."""
        self.app.close()
        self.app = Simulator(self.config)

    def call(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        json_body: Any = None,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """One request straight to the simulator, without any HTTP library; path may hold a query."""
        parts = urlsplit(path)
        all_headers = {"host": HOST, **(headers or {})}
        if token:
            all_headers["authorization"] = f"Bearer {token}"
        if json_body is not None:
            body = json.dumps(json_body).encode()
        query = parse_qs(parts.query, keep_blank_values=True)
        return self.app.handle(Request(method, parts.path, query, all_headers, body or b""))

    def control(self, path: str, json_body: Any = None, *, method: str | None = None) -> Any:
        """Work a control below /_simulator/ ("clock", "state"); POST with a body, else GET. Fails on a refusal."""
        answer = self.call(
            method or ("GET" if json_body is None else "POST"), f"/_simulator/{path}", json_body=json_body
        )
        assert answer.status < 300, answer.body
        if answer.file:
            text = answer.file.read_text()
            answer.file.unlink()
            return text
        return json.loads(answer.body)

    def grant(self, user: str = "bob", scopes: Any = None) -> dict[str, Any]:
        """Tokens without walking the pages: access_token, refresh_token, scope, expires_in and the rest."""
        pair: dict[str, Any] = self.control("grants", {"user": user, **({"scopes": list(scopes)} if scopes else {})})
        return pair

    def advance(self, seconds: float) -> None:
        """Move the simulated clock forward."""
        self.control("clock", {"advance": seconds})

    def settings(self, **changes: Any) -> None:
        """Change switches, as listed in docs/simulator.md."""
        self.control("settings", changes)

    def fault(self, kind: str, **parameters: Any) -> int:
        """Add a fault; returns its number."""
        return int(self.control("faults", {"kind": kind, **parameters})["id"])

    def clear_faults(self) -> None:
        """Take away all faults."""
        self.control("faults", method="DELETE")

    def calls(self, operation: str | None = None) -> list[dict[str, Any]]:
        """The calls under /v5 so far, or those of one operation such as "customer_lists/update"."""
        items = self.control("calls")["items"]
        return [call for call in items if operation in (None, call["operation"])]

    def seed_lists(self, ad_account: str, number: int) -> list[str]:
        """Customer lists that somebody made before, oldest first; some have an audience, some two, some none."""
        made: list[str] = self.control("lists", {"ad_account": ad_account, "lists": number})["customer_lists"]
        return made

    def members(self, list_id: str | int) -> set[tuple[str, str]]:
        """The members of a list as (kind, digest in hexadecimal)."""
        lines = self.control(f"customer_lists/{list_id}/members").splitlines()
        return {(kind, digest) for kind, _, digest in (line.partition(" ") for line in lines)}

    def answer(self, request: requests.PreparedRequest) -> tuple[int, dict[str, str], bytes]:
        """Answer a request of the requests library; faults raise what requests would raise."""
        parts = urlsplit(request.url or "")
        headers = {name.lower(): value for name, value in request.headers.items()}
        headers.setdefault("host", parts.netloc)
        body = request.body.encode() if isinstance(request.body, str) else request.body or b""
        if not isinstance(body, bytes):
            body = b"".join(body)
        query = parse_qs(parts.query, keep_blank_values=True)
        answer = self.app.handle(Request(request.method or "GET", parts.path, query, headers, body))
        _fail_as_requests_would(answer, getattr(request, "req_kwargs", {}).get("timeout"))
        content = answer.file.read_bytes() if answer.file else answer.body
        return answer.status, dict(answer.headers), content


def _fail_as_requests_would(answer: Answer, timeout: Any) -> None:
    read_timeout = timeout[1] if isinstance(timeout, tuple) else timeout
    if answer.delay_s and read_timeout is not None and answer.delay_s > read_timeout:
        raise requests.exceptions.ReadTimeout("Read timed out.")
    if answer.ending is Ending.DROP:
        raise requests.exceptions.ConnectionError("Remote end closed connection without response")
    if answer.ending is Ending.TRUNCATE:
        raise requests.exceptions.ChunkedEncodingError("Connection broken: IncompleteRead")


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[SimulatorInTest]:
    """A fresh simulator that answers every request to http://pinterest.test."""
    running = SimulatorInTest(tmp_path / "simulator")
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        for method in METHODS:
            mock.add_callback(
                method, re.compile(rf"^http://{re.escape(HOST)}/"), callback=running.answer, content_type=None
            )
        yield running
    running.app.close()
