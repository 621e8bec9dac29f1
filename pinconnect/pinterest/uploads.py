"""Bulk upload: a file of records in a few parts, for ad accounts that have the feature.

Pinterest calls it a beta; an account without it answers 403. The file's format is not documented: one record a line,
UTF-8, without a header, is what Pinterest's help page says of files. So trust only what the counts confirm.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from pinconnect.pinterest import config, fields, replies, transport
from pinconnect.pinterest.client import Client, path
from pinconnect.pinterest.errors import Rejected

# Parts are stored by Amazon; the simulator is its own bucket.
_BUCKETS = (".amazonaws.com", ".pinterest.com")

RUNNING = frozenset({"NOT_STARTED", "RUNNING", "PAUSED"})


@dataclass(frozen=True)
class Upload:
    """state: NOT_STARTED, RUNNING, PAUSED, SUCCEEDED or FAILED. The counts are None until Pinterest knows them.

    created_at: aware, None when Pinterest does not say.
    """

    id: str
    state: str
    processed: int | None
    valid: int | None
    invalid: int | None
    created_at: datetime | None = None

    @property
    def is_running(self) -> bool:
        """Whether it may still change."""
        return self.state in RUNNING

    def took_all(self, count: int) -> bool:
        """Whether Pinterest confirms every one of so many records."""
        return self.state == "SUCCEEDED" and self.valid == count and not self.invalid


@dataclass(frozen=True)
class Part:
    """Where the bytes of a part go. The address is a secret: whoever has it may write there."""

    number: int
    url: str = field(repr=False)


def create(
    client: Client, ad_account_id: str, list_id: str, *, operation: str, total_parts: int
) -> tuple[Upload, tuple[Part, ...]]:
    """Announce an upload of 1 to 10 parts; operation is ADD or REMOVE. One that is never run changes nothing.

    Raises NotPermitted where the ad account lacks the feature.
    Source: Pinterest API v5, customer_list_uploads/create (read 2026-11-26).
    """
    data = {"operation": operation, "total_parts": total_parts}
    reply = client.request("POST", _path(ad_account_id, list_id), json=data, safe_to_repeat=True)
    return replies.parsed(reply, _created, is_read=False)


def put(client: Client, part: Part, body: bytes) -> None:
    """Store the bytes of a part, at least 5 MB unless it is the last; safe to repeat, the token does not travel.

    Raises Rejected for an address that is not Pinterest's bucket.
    """
    parts = urlsplit(part.url)
    own = urlsplit(config.read().api_url)
    is_bucket = parts.scheme == "https" and f".{parts.hostname or ''}".endswith(_BUCKETS)
    if not is_bucket and (parts.scheme, parts.netloc) != (own.scheme, own.netloc):
        raise Rejected("Pinterest named an address that is not its bucket")
    call = transport.Call("PUT", f"/(bucket)/part-{part.number}", part.url, {}, body, True, is_confidential=True)
    client.send(call)


def run(client: Client, ad_account_id: str, list_id: str, upload_id: str) -> Upload:
    """Begin to process an upload whose parts are all stored.

    Raises UnknownOutcome when it may have begun: get() tells. Rejected also when it was begun before.
    Source: Pinterest API v5, customer_list_uploads/run (read 2026-11-26).
    """
    reply = client.request("POST", _path(ad_account_id, list_id, upload_id, "run"), safe_to_repeat=False)
    return replies.parsed(reply, _upload, is_read=False)


def get(client: Client, ad_account_id: str, list_id: str, upload_id: str) -> Upload:
    """How far it is.

    Source: Pinterest API v5, customer_list_uploads/get (read 2026-11-26).
    """
    reply = client.request("GET", _path(ad_account_id, list_id, upload_id), safe_to_repeat=True)
    return replies.parsed(reply, _upload, is_read=True)


def _path(ad_account_id: str, list_id: str, *rest: str) -> str:
    return path("ad_accounts", ad_account_id, "customer_lists", list_id, "uploads", *rest)


def _created(data: dict[str, Any]) -> tuple[Upload, tuple[Part, ...]]:
    upload = _upload(fields.nested(data, "customer_list_upload"))
    found = fields.nested(data, "s3_multipart_upload_data")["file_parts"]
    parts = (Part(int(part["part_number"]), str(part["presigned_url"])) for part in found)
    return upload, tuple(sorted(parts, key=lambda part: part.number))


def _upload(data: dict[str, Any]) -> Upload:
    counts = fields.nested(data, "record_counts")
    return Upload(
        id=fields.identity(data),
        state=fields.text(data, "state"),
        processed=fields.optional_whole(counts, "processed"),
        valid=fields.optional_whole(counts, "valid"),
        invalid=fields.optional_whole(counts, "invalid"),
        created_at=fields.moment(data, "creation_time"),
    )
