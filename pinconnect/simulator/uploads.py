"""Bulk upload: a file of records in up to ten parts, put to addresses that need no token, and then processed as one.

Pinterest does not document the file's format; as its help page says of files, this takes a single column, one record a
line, UTF-8, without a header.
"""

from __future__ import annotations

import hmac
import json
import secrets
import sqlite3
from pathlib import Path
from typing import Any

from pinconnect.simulator import customer_lists, faults, records
from pinconnect.simulator.accounts import reachable
from pinconnect.simulator.http import Answer, ApiError, invalid, json_answer
from pinconnect.simulator.records import Payload
from pinconnect.simulator.routing import Context, Route
from pinconnect.simulator.world import World

MOST_PARTS = 10
ADDRESS_LIFETIME_S = 3_600
TOO_SHORT = "A part other than the last is shorter than the storage allows."


def create(context: Context) -> Answer:
    """Announce an upload; answers with an address for each part."""
    account = reachable(context, writing=True)
    _require_feature(context.world)
    row = customer_lists.find(context.world, account.id, context.params["customer_list_id"])
    data = context.request.json_object()
    operation, total = data.get("operation"), data.get("total_parts")
    if operation not in ("ADD", "REMOVE"):
        raise invalid(f"Invalid request: {operation!r} is not one of ['ADD', 'REMOVE']")
    if not isinstance(total, int) or isinstance(total, bool) or not 1 <= total <= MOST_PARTS:
        raise invalid(f"Invalid request: 'total_parts' {total!r} is not between 1 and {MOST_PARTS}")
    context.note.operation_type = operation
    now, secret = context.world.now(), secrets.token_urlsafe(24)
    made = context.world.store.run(
        "INSERT INTO uploads (ad_account_id, customer_list_id, operation, total_parts, state, secret, created, updated,"
        " done_at) VALUES (?, ?, ?, ?, 'NOT_STARTED', ?, ?, ?, 0)",
        *(account.id, row["id"], operation, total, secret, now, now),
    )
    upload = _find(context.world, account.id, str(row["id"]), str(made.lastrowid))
    base = f"http://{context.request.headers.get('host', '')}/_uploads/{upload['id']}"
    parts = [
        {"part_number": number, "presigned_url": f"{base}/{number}?X-Amz-Signature={_signature(secret, number)}"}
        for number in range(1, total + 1)
    ]
    answer = {"customer_list_upload": describe(upload), "s3_multipart_upload_data": {"file_parts": parts}}
    return json_answer(answer)


def put(context: Context) -> Answer:
    """Take the bytes of a part, as a bucket does: no token, errors in XML."""
    upload = context.world.store.one("SELECT * FROM uploads WHERE id = ?", int(context.params["upload"]))
    number = int(context.params["part"])
    signature = context.request.arg("X-Amz-Signature", "") or ""
    if upload is None or not hmac.compare_digest(signature, _signature(upload["secret"], number)):
        return _xml(403, "SignatureDoesNotMatch")
    if context.world.now() > upload["created"] + ADDRESS_LIFETIME_S:
        return _xml(403, "AccessDenied")
    if not context.request.body:
        return _xml(400, "EntityTooSmall")
    if upload["state"] == "NOT_STARTED":
        _part(context.world, upload["id"], number).write_bytes(context.request.body)
    return Answer(200, {"etag": f'"{secrets.token_hex(16)}"'})


def run(context: Context) -> Answer:
    """Begin to process what was put."""
    account = reachable(context, writing=True)
    _require_feature(context.world)
    world, params = context.world, context.params
    with world.store.transaction():
        upload = _find(world, account.id, params["customer_list_id"], params["customer_list_upload_id"])
        if upload["state"] != "NOT_STARTED":
            raise ApiError(409, 409, "The upload was started before.")
        parts = [_part(world, upload["id"], number) for number in range(1, upload["total_parts"] + 1)]
        if not all(part.exists() for part in parts):
            raise invalid("Invalid request: a part of the upload is missing.")
        done_at = world.now() + world.options.upload_delay_s
        world.store.run("UPDATE uploads SET state = 'RUNNING', done_at = ? WHERE id = ?", done_at, upload["id"])
    return json_answer(describe(_find(world, account.id, params["customer_list_id"], str(upload["id"]))))


def get(context: Context) -> Answer:
    """The state of an upload; what is due is worked out now."""
    account = reachable(context)
    _require_feature(context.world)
    world, params = context.world, context.params
    upload = _find(world, account.id, params["customer_list_id"], params["customer_list_upload_id"])
    if upload["state"] == "RUNNING" and world.now() >= upload["done_at"]:
        with world.list_lock(upload["customer_list_id"]), world.store.transaction():
            upload = _find(world, account.id, params["customer_list_id"], str(upload["id"]))
            if upload["state"] == "RUNNING":
                _process(world, upload)
        upload = _find(world, account.id, params["customer_list_id"], str(upload["id"]))
    return json_answer(describe(upload))


def describe(upload: sqlite3.Row) -> dict[str, Any]:
    """The upload as Pinterest shows it."""
    counts = upload["counts"]
    return {
        "id": str(upload["id"]),
        "ad_account_id": upload["ad_account_id"],
        "customer_list_id": str(upload["customer_list_id"]),
        "operation": upload["operation"],
        "state": upload["state"],
        "creation_time": int(upload["created"]),
        "updated_time": int(upload["updated"]),
        "record_counts": json.loads(counts) if counts else None,
        "error_counts": json.loads(upload["errors"]) if upload["errors"] else None,
    }


def _process(world: World, upload: sqlite3.Row) -> None:
    """Apply the whole file as one batch, or fail as a whole."""
    parts = [_part(world, upload["id"], number) for number in range(1, upload["total_parts"] + 1)]
    if any(part.stat().st_size < world.options.min_part_bytes for part in parts[:-1]):
        _finish(world, upload, "FAILED", errors=[{"error_code": 1, "message": TOO_SHORT, "count": 0}])
    else:
        text = b"".join(part.read_bytes() for part in parts).decode("utf-8", "replace")
        found = [line for line in (line.strip() for line in text.split("\n")) if line]
        refused = faults.refused_digests(world)
        good = [line for line in found if line.lower() not in refused and not records.is_unmatchable("r", line)]
        if good:
            payload = Payload(len(good), {"r": good})
            customer_lists.apply(world, upload["customer_list_id"], payload, upload["operation"][0])
        counts = {"processed": len(found), "valid": len(good), "invalid": len(found) - len(good)}
        errors = [{"error_code": 42, "message": "Invalid record", "count": counts["invalid"]}]
        _finish(world, upload, "SUCCEEDED", counts=counts, errors=errors if counts["invalid"] else [])
    for part in parts:
        part.unlink(missing_ok=True)


def _finish(world: World, upload: sqlite3.Row, state: str, *, errors: list[Any], counts: Any = None) -> None:
    world.store.run(
        "UPDATE uploads SET state = ?, updated = ?, counts = ?, errors = ? WHERE id = ?",
        *(state, world.now(), json.dumps(counts) if counts else "", json.dumps(errors) if errors else "", upload["id"]),
    )


def _find(world: World, account_id: str, list_id: str, upload_id: str) -> sqlite3.Row:
    row = world.store.one(
        "SELECT * FROM uploads WHERE id = ? AND customer_list_id = ? AND ad_account_id = ?",
        *(int(upload_id), int(list_id), account_id),
    )
    if row is None:
        raise ApiError(404, 404, "Customer list upload not found.")
    return row


def _require_feature(world: World) -> None:
    if not world.options.bulk_upload:
        raise ApiError(403, 403, "This ad account has no access to customer list uploads.")


def _part(world: World, upload_id: int, number: int) -> Path:
    return world.lists_dir / f"upload-{upload_id}-{number}.part"


def _signature(secret: str, number: int) -> str:
    return hmac.digest(secret.encode(), str(number).encode(), "sha256").hex()


def _xml(status: int, code: str) -> Answer:
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code></Error>'
    return Answer(status, {"content-type": "application/xml"}, body.encode())


_ALL = "/v5/ad_accounts/{ad_account_id}/customer_lists/{customer_list_id}/uploads"
_ONE = _ALL + "/{customer_list_upload_id}"
ROUTES = (
    Route("POST", _ALL, "customer_list_uploads/create", "ads_write", create, ("ads:write",)),
    Route("GET", _ONE, "customer_list_uploads/get", "ads_read", get, ("ads:read",)),
    Route("POST", _ONE + "/run", "customer_list_uploads/run", "ads_write", run, ("ads:write",)),
)
BUCKET_ROUTES = (Route("PUT", "/_uploads/{upload}/{part}", "bucket/put", "none", put, kinds=()),)
