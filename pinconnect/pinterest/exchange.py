"""What those who watch calls are told of one call and its answer; everything secret is masked here, and stays here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl, urlsplit

from pinconnect.lib import answers
from pinconnect.lib.redact import redact
from pinconnect.pinterest import replies, transport
from pinconnect.pinterest.errors import PinterestError
from pinconnect.pinterest.replies import RateHeaders
from pinconnect.pinterest.types import Shape

# What may be read of a query; of anything else only the name.
_PLAIN_PARAMETERS = frozenset({"order", "page_size"})
_LARGEST_CODE = 999_999


@dataclass(frozen=True)
class Exchange:
    """One call and its answer: no body that was sent, no header but these, no token.

    status and request_id are None when no answer came; error_class names the error raised, None on success.
    message, query and answer (at most 2,000 characters) are masked. answer_bytes: of the whole body. repeat: 0 for the
    first time, then 1, 2. started_at: aware, None only where it was not noted.
    """

    method: str
    path: str
    status: int | None
    duration_s: float
    request_id: str | None
    rate: RateHeaders | None
    error_class: str | None
    started_at: datetime | None = None
    query: str = ""
    shape: Shape | None = None
    sent_bytes: int = 0
    code: int | None = None
    message: str = ""
    answer: str = ""
    answer_bytes: int = 0
    repeat: int = 0


Observer = Callable[[Exchange], None]


def of(
    call: transport.Call,
    answer: transport.Answer | None,
    error: PinterestError | None,
    *,
    started_at: datetime,
    duration_s: float,
    repeat: int,
) -> Exchange:
    """What may be told of this call."""
    headers = answer.headers if answer else {}
    return Exchange(
        method=call.method,
        path=redact(call.path),
        status=answer.status if answer else None,
        duration_s=duration_s,
        request_id=replies.request_id(headers),
        rate=replies.rate_headers(headers),
        error_class=type(error).__name__ if error else None,
        started_at=started_at,
        query=_query(call.url),
        shape=call.shape,
        sent_bytes=len(call.body or b""),
        code=_code(error),
        message=error.pinterest_message if error else "",
        answer=_shown(call, answer),
        answer_bytes=len(answer.body) if answer else 0,
        repeat=repeat,
    )


def _code(error: PinterestError | None) -> int | None:
    # Pinterest's numbers are small; a long one could be anything.
    return error.code if error and error.code is not None and abs(error.code) <= _LARGEST_CODE else None


def _shown(call: transport.Call, answer: transport.Answer | None) -> str:
    if answer is None:
        return ""
    if call.is_confidential and 200 <= answer.status < 300:
        return "[tokens, not kept]"
    if not answer.complete:
        return "[the answer broke off, or was too long]"
    return answers.show(answer.body)


def _query(url: str) -> str:
    found = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    return "&".join(
        f"{answers.mask(name)}={answers.mask(value) if name in _PLAIN_PARAMETERS else '[…]'}" for name, value in found
    )
