"""Audiences: what ads target; those over a customer list follow the list after the delay."""

from __future__ import annotations

import json
import re
import sqlite3
from typing import Any

from pinconnect.simulator import customer_lists, paging
from pinconnect.simulator.accounts import reachable
from pinconnect.simulator.http import Answer, ApiError, invalid, json_answer
from pinconnect.simulator.routing import NOT_PERMITTED, Context, Route
from pinconnect.simulator.seeds import USERS, ad_accounts
from pinconnect.simulator.world import World

TYPES = ("CUSTOMER_LIST", "VISITOR", "ENGAGEMENT", "ACTALIKE", "PERSONA")
BAD_PARAMETERS = "Invalid ad account audience parameters."
# People in a country, of whom an actalike audience takes a percentage.
COUNTRY_PEOPLE = 1_000_000


def create(context: Context) -> Answer:
    """Make an audience."""
    account = reachable(context, writing=True)
    data = context.request.json_object()
    name = _text(data, "name")
    audience_type = data.get("audience_type")
    if not name.strip():
        raise invalid("Invalid request: 'name' is a required property")
    if audience_type not in TYPES:
        raise invalid(f"Invalid request: {audience_type!r} is not one of {list(TYPES)}")
    description = _text(data, "description")
    world = context.world
    rule = checked_rule(world, account.id, audience_type, data.get("rule"))
    now = world.now()
    number = world.store.run(
        "INSERT INTO audiences (ad_account_id, audience_type, name, description, rule, created, updated, ready_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        *(account.id, audience_type, name, description, json.dumps(rule), now, now),
        now + world.options.ready_delay_s,
    ).lastrowid
    return json_answer(describe(world, row_of(world, int(number or 0))))


def get(context: Context) -> Answer:
    """One audience that the ad account owns or was given."""
    account = reachable(context)
    return json_answer(describe(context.world, find(context.world, account.id, context.params["audience_id"])))


def list_all(context: Context) -> Answer:
    """One page of audiences: owned ones by id, received ones by the time of sharing."""
    account = reachable(context)
    ownership = context.request.arg("ownership_type", "OWNED")
    if ownership not in ("OWNED", "RECEIVED"):
        raise ApiError(400, 400, BAD_PARAMETERS)
    falling = paging.is_descending(context.request)
    sql = "SELECT *, id AS place FROM audiences WHERE ad_account_id = ? AND NOT removed"
    if ownership == "RECEIVED":
        sql = (
            "SELECT audiences.*, shares.id AS place FROM shares JOIN audiences ON audiences.id = shares.audience_id"
            " WHERE shares.recipient_type = 'AD_ACCOUNT' AND shares.recipient = ? AND NOT removed"
        )
    rows = context.world.store.all(f"{sql} ORDER BY place {'DESC' if falling else 'ASC'}", account.id)
    if paging.flag(context.request, "exclude_nca", default=False):
        rows = [row for row in rows if not _is_nca(context.world, row)]
    listing = f"audiences|{account.id}|{ownership}|{falling}"
    found, bookmark = paging.page(
        context.world, context.request, listing, rows, lambda row: int(row["place"]), falling=falling
    )
    return json_answer({"items": [describe(context.world, row) for row in found], "bookmark": bookmark})


def update(context: Context) -> Answer:
    """Change an audience or, with operation_type REMOVE, take it away."""
    account = reachable(context, writing=True)
    data = context.request.json_object()
    operation = data.get("operation_type", "UPDATE")
    if operation not in ("UPDATE", "REMOVE"):
        raise invalid(f"Invalid request: {operation!r} is not one of ['UPDATE', 'REMOVE']")
    row = find(context.world, account.id, context.params["audience_id"])
    if row["ad_account_id"] != account.id:
        raise ApiError(403, 29, NOT_PERMITTED)
    world = context.world
    if operation == "REMOVE":
        world.store.run("UPDATE audiences SET removed = 1, updated = ? WHERE id = ?", world.now(), row["id"])
        return json_answer(describe(world, row_of(world, row["id"])))
    name = _text(data, "name", row["name"])
    description = _text(data, "description", row["description"])
    rule, ready_at = json.loads(row["rule"]), row["ready_at"]
    if data.get("rule") is not None:
        rule = checked_rule(world, account.id, row["audience_type"], data["rule"])
        ready_at = world.now() + world.options.ready_delay_s
    world.store.run(
        "UPDATE audiences SET name = ?, description = ?, rule = ?, ready_at = ?, updated = ? WHERE id = ?",
        *(name, description, json.dumps(rule), ready_at, world.now(), row["id"]),
    )
    return json_answer(describe(world, row_of(world, row["id"])))


def _text(data: dict[str, Any], name: str, default: str = "") -> str:
    value = data.get(name, default)
    if not isinstance(value, str):
        raise invalid(f"Invalid request: '{name}' is not of type 'string'")
    return value


def checked_rule(world: World, account_id: str, audience_type: str, rule: Any) -> dict[str, Any]:
    """The rule, if it suits the type of the audience."""
    if not isinstance(rule, dict):
        raise invalid("Invalid request: 'rule' is a required property")
    if audience_type == "CUSTOMER_LIST":
        _check_list_rule(world, account_id, rule)
    if audience_type == "ACTALIKE":
        _check_actalike_rule(world, account_id, rule)
    return rule


def _check_list_rule(world: World, account_id: str, rule: dict[str, Any]) -> None:
    list_id = rule.get("customer_list_id")
    if not isinstance(list_id, str) or not re.fullmatch(r"[0-9]{1,18}", list_id):
        raise invalid(r"'customer_list_id' must match the pattern: ^\d+$")
    row = customer_lists.find(world, account_id, list_id)
    if world.options.refuse_small_audiences and customer_lists.status(world, row) == "TOO_SMALL":
        raise ApiError(400, 400, BAD_PARAMETERS)


def _check_actalike_rule(world: World, account_id: str, rule: dict[str, Any]) -> None:
    seeds = rule.get("seed_id")
    if not isinstance(seeds, list) or not seeds or not all(re.fullmatch(r"[0-9]{1,18}", str(seed)) for seed in seeds):
        raise invalid("Invalid request: 'seed_id' is a required property")
    # Pinterest's text shows the percentage as a string, its schema as an integer.
    if not re.fullmatch(r"[1-9]|10", str(rule.get("percentage"))):
        raise invalid("Invalid request: 'percentage' must be between 1 and 10")
    if not re.fullmatch(r"[A-Z]{2}", str(rule.get("country"))):
        raise invalid("Invalid request: 'country' is a required property")
    for seed in seeds:
        if describe(world, find(world, account_id, str(seed)))["status"] != "READY":
            raise ApiError(400, 400, BAD_PARAMETERS)


def row_of(world: World, number: int) -> sqlite3.Row:
    """The row of an audience whether or not it was removed."""
    row = world.store.one("SELECT * FROM audiences WHERE id = ?", number)
    if row is None:
        raise ApiError(404, 404, "Audience not found.")
    return row


def find(world: World, account_id: str, audience_id: str) -> sqlite3.Row:
    """An audience that is there and that the ad account owns or was given, or Pinterest's 404."""
    row = row_of(world, int(audience_id))
    is_shared = world.store.one(
        "SELECT 1 FROM shares WHERE audience_id = ? AND recipient_type = 'AD_ACCOUNT' AND recipient = ?",
        *(row["id"], account_id),
    )
    if row["removed"] or (row["ad_account_id"] != account_id and not is_shared):
        raise ApiError(404, 404, "Audience not found.")
    return row


def _list_of(world: World, row: sqlite3.Row) -> sqlite3.Row | None:
    if row["audience_type"] != "CUSTOMER_LIST":
        return None
    return customer_lists.find(world, row["ad_account_id"], json.loads(row["rule"])["customer_list_id"])


def _is_nca(world: World, row: sqlite3.Row) -> bool:
    found = _list_of(world, row)
    return bool(found and found["is_nca"])


def _state(world: World, row: sqlite3.Row) -> tuple[str, int | None]:
    """Status and size; an audience is never settled before the list under it was for the first time."""
    if world.now() < row["ready_at"]:
        return "INITIALIZING", None
    found = _list_of(world, row)
    if found is not None:
        if not customer_lists.is_settled(world, found) and found["num_batches"] == 1:
            return "INITIALIZING", None
        people = customer_lists.size(world, found)
    elif row["audience_type"] == "ACTALIKE":
        people = COUNTRY_PEOPLE * int(json.loads(row["rule"])["percentage"]) // 100
    else:
        # Nobody visits, engages or has a persona here.
        people = 0
    return ("READY" if people >= customer_lists.MIN_PEOPLE else "TOO_SMALL"), people


def describe(world: World, row: sqlite3.Row) -> dict[str, Any]:
    """The audience as Pinterest shows it; size is there once it is known."""
    status, people = _state(world, row)
    owner = USERS[ad_accounts()[row["ad_account_id"]].owner]
    body: dict[str, Any] = {
        "id": str(row["id"]),
        "ad_account_id": row["ad_account_id"],
        "type": "audience",
        "audience_type": row["audience_type"],
        "name": row["name"],
        "description": row["description"],
        "rule": json.loads(row["rule"]),
        "status": status,
        "is_nca": _is_nca(world, row),
        "created_timestamp": int(row["created"]),
        "updated_timestamp": int(row["updated"]),
        "created_by_company_name": owner.name,
    }
    if people is not None:
        body["size"] = people
    return body


_ALL = "/v5/ad_accounts/{ad_account_id}/audiences"
_ONE = _ALL + "/{audience_id}"
_READERS = ("access", "client")
ROUTES = (
    Route("POST", _ALL, "audiences/create", "ads_write", create, ("ads:write",)),
    Route("GET", _ALL, "audiences/list", "ads_read", list_all, ("ads:read",), _READERS),
    Route("GET", _ONE, "audiences/get", "ads_read", get, ("ads:read",), _READERS),
    Route("PATCH", _ONE, "audiences/update", "ads_write", update, ("ads:write",)),
)
