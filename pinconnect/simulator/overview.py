"""What the state page and the state for scripts show; no token is ever among it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from pinconnect.simulator import audiences, customer_lists, faults, members, people
from pinconnect.simulator.seeds import USERS, accounts_of, ad_accounts
from pinconnect.simulator.world import World

LAST_CALLS = 30


def state(world: World) -> dict[str, Any]:
    """Everything, as JSON-able data."""
    return {
        "now": world.now(),
        "clock_offset": round(world.now() - time.time(), 3),
        "settings": world.options.to_json(),
        "users": [_user(world, key) for key in USERS],
        "seeded_people": people.PEOPLE,
        "customer_lists": _lists(world),
        "audiences": _audiences(world),
        "faults": faults.every(world),
    }


def for_page(world: World) -> dict[str, Any]:
    """The state with times as text and the last calls."""
    found = state(world)
    calls = [{**call, "time": _time(call["at"])} for call in reversed(world.calls.read(LAST_CALLS))]
    settings = [{"name": name, "value": value} for name, value in found["settings"].items()]
    return {**found, "time": _time(found["now"]), "calls": calls, "settings": settings}


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _user(world: World, key: str) -> dict[str, Any]:
    user = USERS[key]
    now = world.now()
    rows = world.store.all(
        "SELECT kind, mask FROM tokens WHERE user = ? AND NOT revoked AND (expires IS NULL OR expires > ?)", key, now
    )
    return {
        "key": key,
        "id": user.id,
        "username": user.username,
        "account_type": user.account_type,
        "ad_accounts": len(accounts_of(key)),
        "live_tokens": len(rows),
        "tokens": [row["mask"] for row in rows[-3:]],
    }


def _lists(world: World) -> list[dict[str, Any]]:
    found = []
    for row in world.store.all("SELECT * FROM customer_lists ORDER BY id DESC"):
        body = customer_lists.describe(world, row)
        body["ad_account"] = ad_accounts()[row["ad_account_id"]].name
        body["list_type"] = row["list_type"]
        body["distinct_members"] = members.distinct(world, row)
        body["matched_people"] = customer_lists.size(world, row)
        found.append(body)
    return found


def _audiences(world: World) -> list[dict[str, Any]]:
    rows = world.store.all("SELECT * FROM audiences WHERE NOT removed ORDER BY id DESC")
    return [{**audiences.describe(world, row), "ad_account": ad_accounts()[row["ad_account_id"]].name} for row in rows]
