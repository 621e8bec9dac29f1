"""Fills an ad account with lists and audiences that somebody made before, as accounts in use have them."""

from __future__ import annotations

import json
from typing import Any

from pinconnect.simulator import customer_lists, people, records
from pinconnect.simulator.http import Answer, ApiError, invalid, json_answer
from pinconnect.simulator.routing import Context
from pinconnect.simulator.seeds import ad_accounts
from pinconnect.simulator.world import World

MOST_LISTS = 5_000
_SUBJECTS = ("Newsletter", "Buyers", "Loyalty card", "Abandoned carts", "Spring fair", "Catalogue readers")
_DAY_S = 86_400


def seed_lists(context: Context) -> Answer:
    """{"ad_account": id, "lists": how many}: of six lists four have an audience, one has two, and one has none."""
    data = context.request.json_object()
    account, number = data.get("ad_account"), data.get("lists", 12)
    if account not in ad_accounts():
        raise ApiError(404, 404, "No such ad account.")
    if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= MOST_LISTS:
        raise invalid(f"'lists' must be a number from 1 to {MOST_LISTS}.")
    world = context.world
    with world.store.transaction():
        made = [_seed_list(world, account, place, number) for place in range(number)]
    return json_answer({"customer_lists": made}, 201)


def _seed_list(world: World, account: str, place: int, number: int) -> str:
    created = world.now() - (number - place) * _DAY_S
    subject = f"{_SUBJECTS[place % len(_SUBJECTS)]} {place + 1:03d}"
    list_id = world.store.run(
        "INSERT INTO customer_lists (ad_account_id, name, list_type, is_nca, num_batches, num_uploaded,"
        " num_removed, created, updated, ready_at, settled_size, matched, invalid, log_end, log_lines)"
        " VALUES (?, ?, 'EMAIL', 0, 0, 0, 0, ?, ?, 0, 0, x'', 0, 0, 0)",
        *(account, f"Customer List-{subject}", created, created),
    ).lastrowid
    known = people.seeded_people()
    # Every fourth list is too small to carry an audience that ads can use.
    size = 20 if place % 4 == 3 else 120 + place % 100
    emails = ",".join(known[(place * 7 + at) % len(known)].email for at in range(size))
    customer_lists.apply(world, int(list_id or 0), records.parse({"records": emails}, world.options), "A")
    world.store.run("UPDATE customer_lists SET updated = ?, ready_at = ? WHERE id = ?", created, created, list_id)
    for copy in range({0: 0, 1: 2}.get(place % 6, 1)):
        _seed_audience(world, account, f"Audience-{subject}" + (" (copy)" if copy else ""), str(list_id), created)
    return str(list_id)


def _seed_audience(world: World, account: str, name: str, list_id: str, created: float) -> None:
    rule: dict[str, Any] = {"customer_list_id": list_id}
    world.store.run(
        "INSERT INTO audiences (ad_account_id, audience_type, name, description, rule, created, updated, ready_at)"
        " VALUES (?, 'CUSTOMER_LIST', ?, '', ?, ?, ?, ?)",
        *(account, name, json.dumps(rule), created, created, created),
    )
