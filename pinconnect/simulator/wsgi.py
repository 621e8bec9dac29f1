"""The simulator behind WSGI: real sockets, real dropped connections."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from pinconnect.simulator.app import Simulator
from pinconnect.simulator.http import Answer, Ending, Request

# More than this is not read at all; the answer is the refusal of a body that is too large.
MAX_READ = 32 * 1024 * 1024
CHUNK = 1024 * 1024
StartResponse = Callable[[str, list[tuple[str, str]]], Any]


def application(simulator: Simulator) -> Callable[[dict[str, Any], StartResponse], Iterable[bytes]]:
    """The WSGI application over a simulator."""

    def serve(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        answer = simulator.handle(request_from(environ))
        if answer.delay_s:
            time.sleep(answer.delay_s)
        if answer.ending is Ending.DROP:
            _hang_up(environ)
            start_response("500 Dropped", [])
            return []
        return _send(answer, environ, start_response)

    return serve


def request_from(environ: dict[str, Any]) -> Request:
    """The request in plain data, its body read whole."""
    headers = {key[5:].replace("_", "-").lower(): value for key, value in environ.items() if key.startswith("HTTP_")}
    headers["content-type"] = environ.get("CONTENT_TYPE", "")
    return Request(
        method=environ["REQUEST_METHOD"],
        # WSGI hands the path over as latin-1 text of its UTF-8 bytes.
        path=environ.get("PATH_INFO", "/").encode("latin-1").decode("utf-8", "replace"),
        query=parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True),
        headers=headers,
        body=_read(environ),
    )


def _read(environ: dict[str, Any]) -> bytes | None:
    length = environ.get("CONTENT_LENGTH") or ""
    if length.isdigit() and int(length) > MAX_READ:
        return None
    body: bytes = environ["wsgi.input"].read(MAX_READ + 1)
    return body if len(body) <= MAX_READ else None


def _send(answer: Answer, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    length = answer.file.stat().st_size if answer.file else len(answer.body)
    headers = {**answer.headers, "content-length": str(length)}
    start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", list(headers.items()))
    if answer.file:
        return _stream(answer.file)
    if answer.ending is Ending.TRUNCATE:
        return _half(answer.body, environ)
    return [answer.body]


def _stream(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk
    finally:
        path.unlink(missing_ok=True)


def _half(body: bytes, environ: dict[str, Any]) -> Iterator[bytes]:
    yield body[: len(body) // 2]
    _hang_up(environ)


def _hang_up(environ: dict[str, Any]) -> None:
    connection: socket.socket | None = environ.get("gunicorn.socket")
    if connection is not None:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
