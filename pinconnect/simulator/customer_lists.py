"""Customer lists: created, added to, removed from and read; their members are never given back."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from pinconnect.simulator import paging, people, records
from pinconnect.simulator.accounts import reachable
from pinconnect.simulator.http import Answer, ApiError, Request, invalid, json_answer
from pinconnect.simulator.records import Payload
from pinconnect.simulator.routing import Context, Route
from pinconnect.simulator.world import World

LIST_TYPES = ("EMAIL", "IDFA", "MAID", "LR_ID", "DLX_ID", "HASHED_PINNER_ID")
MIN_PEOPLE = 100


def create(context: Context) -> Answer:
    """Make a list from the first records."""
    account = reachable(context, writing=True)
    data = _body(context)
    name = data.get("name")
    if not isinstance(name, str) or not name.strip():
        raise invalid("Invalid request: 'name' is a required property")
    list_type = data.get("list_type", "EMAIL")
    if list_type not in LIST_TYPES:
        raise invalid(f"Invalid request: '{list_type}' is not one of {list(LIST_TYPES)}")
    is_nca = data.get("is_nca", False)
    if not isinstance(is_nca, bool):
        raise invalid("Invalid request: 'is_nca' is not of type 'boolean'")
    payload = _payload(context, data, "ADD")
    now = context.world.now()
    with context.world.store.transaction():
        list_id = context.world.store.run(
            "INSERT INTO customer_lists (ad_account_id, name, list_type, is_nca, num_batches, num_uploaded,"
            " num_removed, created, updated, ready_at, settled_size, matched, invalid, log_end, log_lines)"
            " VALUES (?, ?, ?, ?, 0, 0, 0, ?, ?, 0, 0, x'', 0, 0, 0)",
            *(account.id, name, list_type, is_nca, now, now),
        ).lastrowid
        row = apply(context.world, int(list_id or 0), payload, "A")
    return json_answer(describe(context.world, row), context.world.options.created_status)


def update(context: Context) -> Answer:
    """Add records to a list or remove them."""
    account = reachable(context, writing=True)
    data = _body(context)
    operation = data.get("operation_type")
    if operation not in ("ADD", "REMOVE"):
        raise invalid(f"Invalid request: {operation!r} is not one of ['ADD', 'REMOVE']")
    if "is_nca" in data:
        raise invalid("Invalid request: 'is_nca' cannot be changed")
    row = find(context.world, account.id, context.params["customer_list_id"])
    payload = _payload(context, data, operation)
    row = apply(context.world, row["id"], payload, operation[0])
    return json_answer(describe(context.world, row))


def get(context: Context) -> Answer:
    """One list."""
    account = reachable(context)
    return json_answer(describe(context.world, find(context.world, account.id, context.params["customer_list_id"])))


def list_all(context: Context) -> Answer:
    """One page of the ad account's lists, by id."""
    account = reachable(context)
    falling = paging.is_descending(context.request)
    without_nca = paging.flag(context.request, "exclude_nca", default=False)
    sql = f"SELECT * FROM customer_lists WHERE ad_account_id = ? ORDER BY id {'DESC' if falling else 'ASC'}"  # noqa: S608 - fixed words
    rows = [row for row in context.world.store.all(sql, account.id) if not (without_nca and row["is_nca"])]
    listing = f"customer_lists|{account.id}|{falling}|{without_nca}"
    found, bookmark = paging.page(
        context.world, context.request, listing, rows, lambda row: int(row["id"]), falling=falling
    )
    return json_answer({"items": [describe(context.world, row) for row in found], "bookmark": bookmark})


def find(world: World, account_id: str, list_id: str) -> sqlite3.Row:
    """The row of a list of the ad account, or Pinterest's 404."""
    row = world.store.one("SELECT * FROM customer_lists WHERE id = ? AND ad_account_id = ?", int(list_id), account_id)
    if row is None:
        raise ApiError(404, 404, "Customer list not found.")
    return row


def apply(world: World, list_id: int, payload: Payload, operation: str) -> sqlite3.Row:
    """Append the payload to the list's log, then count it; what was appended but not counted never happened.

    operation is "A" or "R". Returns the new row.
    """
    options = world.options
    hits = payload.matches(options)
    unmatchable = payload.count_unmatchable() if options.list_exceptions and operation == "A" else 0
    with world.list_lock(list_id):
        row = _row(world, list_id)
        lines, line_count = payload.lines(row["num_batches"] + 1, operation)
        path = world.list_log(list_id)
        with path.open("r+b" if path.exists() else "w+b") as log:
            # Beyond log_end may lie what a killed process had no time to count.
            log.truncate(row["log_end"])
            log.seek(row["log_end"])
            log.write(lines)
        matched = int.from_bytes(row["matched"], "little")
        matched = matched | hits if operation == "A" else matched & ~hits
        now = world.now()
        world.store.run(
            "UPDATE customer_lists SET num_batches = num_batches + 1, num_uploaded = num_uploaded + ?,"
            " num_removed = num_removed + ?, updated = ?, ready_at = ?, settled_size = ?, matched = ?,"
            " invalid = invalid + ?, log_end = log_end + ?, log_lines = log_lines + ? WHERE id = ?",
            payload.count if operation == "A" else 0,
            payload.count if operation == "R" else 0,
            *(now, now + options.ready_delay_s, size(world, row)),
            matched.to_bytes((matched.bit_length() + 7) // 8, "little"),
            *(unmatchable, len(lines), line_count, list_id),
        )
        return _row(world, list_id)


def delete(world: World, list_id: int) -> None:
    """Take a list away with the audiences over it and its uploads, as its owner can in Ads Manager and no API can."""
    # Whoever makes a list takes these two locks the other way round, and has let go of both once it is there.
    _row(world, list_id)
    with world.list_lock(list_id):
        with world.store.transaction():
            row = _row(world, list_id)
            over = world.store.all("SELECT id, rule FROM audiences WHERE ad_account_id = ?", row["ad_account_id"])
            for audience in over:
                if json.loads(audience["rule"]).get("customer_list_id") == str(list_id):
                    world.store.run("UPDATE audiences SET removed = 1 WHERE id = ?", audience["id"])
            uploads = world.store.all("SELECT id FROM uploads WHERE customer_list_id = ?", list_id)
            world.store.run("DELETE FROM uploads WHERE customer_list_id = ?", list_id)
            world.store.run("DELETE FROM customer_lists WHERE id = ?", list_id)
        # Only now: a list whose file is gone would be damaged.
        world.list_log(list_id).unlink(missing_ok=True)
        for upload in uploads:
            for part in world.lists_dir.glob(f"upload-{upload['id']}-*.part"):
                part.unlink(missing_ok=True)


def _row(world: World, list_id: int) -> sqlite3.Row:
    row = world.store.one("SELECT * FROM customer_lists WHERE id = ?", list_id)
    if row is None:
        raise ApiError(404, 404, "Customer list not found.")
    return row


def is_settled(world: World, row: sqlite3.Row) -> bool:
    """Whether Pinterest has finished matching what came last."""
    return bool(world.now() >= row["ready_at"])


def size(world: World, row: sqlite3.Row) -> int:
    """How many people the list holds as far as matching has gone; while it is at work, the number before."""
    if not is_settled(world, row):
        return int(row["settled_size"])
    return people.count_people(int.from_bytes(row["matched"], "little"))


def status(world: World, row: sqlite3.Row) -> str:
    """PROCESSING, READY or TOO_SMALL."""
    if not is_settled(world, row):
        return "PROCESSING"
    return "READY" if size(world, row) >= MIN_PEOPLE else "TOO_SMALL"


def describe(world: World, row: sqlite3.Row) -> dict[str, Any]:
    """The list as Pinterest shows it."""
    return {
        "id": str(row["id"]),
        "ad_account_id": row["ad_account_id"],
        "name": row["name"],
        "type": "customerlist",
        "status": status(world, row),
        "is_nca": bool(row["is_nca"]),
        "num_batches": row["num_batches"],
        "num_uploaded_user_records": row["num_uploaded"],
        "num_removed_user_records": row["num_removed"],
        "created_time": int(row["created"]),
        "updated_time": int(row["updated"]),
        "exceptions": {"invalid_records": row["invalid"]} if row["invalid"] else {},
    }


def _body(context: Context) -> dict[str, Any]:
    request: Request = context.request
    options = context.world.options
    if request.body is None or len(request.body) > options.max_body_bytes:
        raise records.too_large(options)
    return request.json_object()


def _payload(context: Context, data: dict[str, Any], operation: str) -> Payload:
    payload = records.parse(data, context.world.options)
    context.note.records = payload.count
    context.note.operation_type = operation
    return payload


_ALL = "/v5/ad_accounts/{ad_account_id}/customer_lists"
_ONE = _ALL + "/{customer_list_id}"
_READERS = ("access", "client")
ROUTES = (
    Route("POST", _ALL, "customer_lists/create", "ads_write", create, ("ads:write",)),
    Route("GET", _ALL, "customer_lists/list", "ads_read", list_all, ("ads:read",), _READERS),
    Route("GET", _ONE, "customer_lists/get", "ads_read", get, ("ads:read",), _READERS),
    Route("PATCH", _ONE, "customer_lists/update", "ads_write", update, ("ads:write",)),
)
