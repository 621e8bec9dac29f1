"""Requests and answers as plain data, so that the same code serves real sockets and tests in one process."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs


@dataclass(frozen=True)
class Request:
    """One HTTP request; header names are lower case, the body has been read whole.

    body is None when the sender announced more than the simulator is willing to read.
    """

    method: str
    path: str
    query: Mapping[str, list[str]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = b""

    def arg(self, name: str, default: str | None = None) -> str | None:
        """The last value of a query parameter."""
        values = self.query.get(name)
        return values[-1] if values else default

    def form(self) -> dict[str, str]:
        """The fields of an urlencoded body; of a repeated field the last value."""
        return {name: values[-1] for name, values in self.form_lists().items()}

    def form_lists(self) -> dict[str, list[str]]:
        """The fields of an urlencoded body with every value."""
        return parse_qs((self.body or b"").decode("utf-8", "replace"), keep_blank_values=True)

    def json_object(self) -> dict[str, Any]:
        """The body as a JSON object; anything else is Pinterest's 400 with code 1."""
        try:
            data = json.loads(self.body or b"")
        except (ValueError, RecursionError) as error:
            raise ApiError(400, 1, "Invalid request: the body is not valid JSON.") from error
        if not isinstance(data, dict):
            raise ApiError(400, 1, "Invalid request: the body is not a JSON object.")
        return data

    def basic(self) -> tuple[str, str] | None:
        """User and password of HTTP Basic, or None when absent or malformed."""
        scheme, _, value = self.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            user, colon, password = base64.b64decode(value.strip(), validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return (user, password) if colon else None

    def bearer(self) -> str | None:
        """The Bearer token, or None."""
        scheme, _, value = self.headers.get("authorization", "").partition(" ")
        return value.strip() or None if scheme.lower() == "bearer" else None

    def cookie(self, name: str) -> str | None:
        """The value of one cookie, or None."""
        for part in self.headers.get("cookie", "").split(";"):
            key, _, value = part.strip().partition("=")
            if key == name:
                return value
        return None


class Ending(Enum):
    """How the connection is treated once the answer is known."""

    SEND = "send"
    DROP = "drop"
    TRUNCATE = "truncate"


@dataclass(frozen=True)
class Answer:
    """One HTTP answer. file, when given, is streamed instead of body and deleted afterwards."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    file: Path | None = None
    ending: Ending = Ending.SEND
    delay_s: float = 0.0

    def with_headers(self, extra: Mapping[str, str]) -> Answer:
        """The same answer with further headers."""
        return replace(self, headers={**self.headers, **extra})


class ApiError(Exception):
    """An answer of Pinterest's error shape: an integer code, a text message and "status": "failure"."""

    def __init__(
        self, status: int, code: int, message: str, *, headers: Mapping[str, str] | None = None, **extra: Any
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})
        self.extra = extra

    def answer(self) -> Answer:
        """The JSON answer that Pinterest would send."""
        body = {"code": self.code, "message": self.message, "status": "failure", **self.extra}
        return json_answer(body, self.status).with_headers(self.headers)


def json_answer(data: Any, status: int = 200) -> Answer:
    """data as a JSON answer."""
    return Answer(status, {"content-type": "application/json"}, json.dumps(data).encode())


def invalid(message: str) -> ApiError:
    """Pinterest's answer to a request that breaks its schema."""
    return ApiError(400, 1, message)
