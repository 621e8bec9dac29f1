"""The controls for scripts and people: state, members, faults, clock, settings, calls."""

from __future__ import annotations

import time
from typing import Any

from pinconnect.simulator import customer_lists, faults, members, overview, pages, people, seeding, tokens
from pinconnect.simulator.http import Answer, ApiError, invalid, json_answer
from pinconnect.simulator.oauth_api import split_scopes
from pinconnect.simulator.routing import Context, Route
from pinconnect.simulator.seeds import SCOPES, USERS

DEFAULT_SCOPES = ("ads:read", "ads:write", "user_accounts:read")
TOKEN_KINDS = {"access": ("access",), "refresh": ("refresh",), "all": ("access", "refresh")}


def show_page(context: Context) -> Answer:
    """The page that shows the state."""
    return pages.page("state.html", overview.for_page(context.world))


def state(context: Context) -> Answer:
    """The state as JSON."""
    return json_answer(overview.state(context.world))


def list_members(context: Context) -> Answer:
    """The members of a list: sorted lines `kind digest`."""
    row = context.world.store.one("SELECT * FROM customer_lists WHERE id = ?", _list_id(context))
    if row is None:
        raise ApiError(404, 404, "Customer list not found.")
    target = members.target_for(context.world, row["id"])
    members.write(context.world, row, target)
    return Answer(200, {"content-type": "text/plain; charset=utf-8"}, file=target)


def delete_list(context: Context) -> Answer:
    """Delete a list, as somebody in Ads Manager would."""
    customer_lists.delete(context.world, _list_id(context))
    return json_answer({})


def seeded_people(context: Context) -> Answer:
    """The seeded people as CSV, to make data sets that match."""
    lines = ["email,phone,maid,platform"]
    lines += [f"{one.email},{one.phone},{one.maid},{one.platform}" for one in people.seeded_people()]
    return Answer(200, {"content-type": "text/csv; charset=utf-8"}, ("\n".join(lines) + "\n").encode())


def show_faults(context: Context) -> Answer:
    """The faults that are left."""
    return json_answer({"items": faults.every(context.world)})


def add_fault(context: Context) -> Answer:
    """Add a fault."""
    return json_answer({"id": faults.add(context.world, context.request.json_object())}, 201)


def clear_faults(context: Context) -> Answer:
    """Take away all faults, or the one that the path names."""
    number = context.params.get("number")
    if number is not None and not number.isdecimal():
        raise ApiError(404, 404, "No such fault.")
    removed = faults.clear(context.world, int(number) if number else None)
    return json_answer({"removed": removed})


def move_clock(context: Context) -> Answer:
    """{"advance": seconds}, {"set": seconds since the epoch} or {"reset": true}."""
    world, data = context.world, context.request.json_object()
    if len(data) != 1 or not set(data) <= {"advance", "set", "reset"}:
        raise invalid('Send {"advance": seconds}, {"set": seconds since the epoch} or {"reset": true}.')
    name, value = next(iter(data.items()))
    if name != "reset" and (not isinstance(value, int | float) or isinstance(value, bool)):
        raise invalid(f"'{name}' must be a number of seconds.")
    offset = {"advance": lambda: world.now() - time.time() + value, "set": lambda: value - time.time()}
    world.move_clock(offset[name]() if name in offset else 0.0)
    return json_answer({"now": world.now()})


def show_settings(context: Context) -> Answer:
    """The switches."""
    return json_answer(context.world.options.to_json())


def change_settings(context: Context) -> Answer:
    """Change some switches."""
    return json_answer(context.world.change_options(context.request.json_object()).to_json())


def show_calls(context: Context) -> Answer:
    """The calls under /v5, oldest first; ?last=n for the newest n."""
    last = context.request.arg("last")
    if last is not None and not last.isdecimal():
        raise invalid("'last' must be a number.")
    return json_answer({"items": context.world.calls.read(int(last) if last else None)})


def clear_calls(context: Context) -> Answer:
    """Forget the calls."""
    context.world.calls.clear()
    return json_answer({})


def reset(context: Context) -> Answer:
    """Forget everything."""
    context.world.reset()
    return json_answer({})


def grant(context: Context) -> Answer:
    """Tokens for a user as if the pages had been walked: {"user": "bob", "scopes": [...]}."""
    data = context.request.json_object()
    user, scopes = _user(data), data.get("scopes", list(DEFAULT_SCOPES))
    names = split_scopes(scopes) if isinstance(scopes, str) else scopes
    if not isinstance(names, list | tuple) or not all(name in SCOPES for name in names):
        raise invalid("'scopes' must be a list of known scopes.")
    pair = tokens.issue_pair(context.world, user, tuple(names))
    return json_answer({"response_type": "authorization_code", **pair})


def end_tokens(context: Context) -> Answer:
    """{"user": "bob", "action": "expire" or "revoke", "kind": "access", "refresh" or "all"}."""
    data = context.request.json_object()
    user, kind = _user(data), data.get("kind", "all")
    if data.get("action") not in ("expire", "revoke") or kind not in TOKEN_KINDS:
        raise invalid('Send "action": "expire" or "revoke" and "kind": "access", "refresh" or "all".')
    return json_answer({"ended": tokens.end_all(context.world, user, TOKEN_KINDS[kind], data["action"])})


def _list_id(context: Context) -> int:
    number = context.params["list_id"]
    if not (number.isascii() and number.isdigit() and len(number) <= 18):
        raise ApiError(404, 404, "Customer list not found.")
    return int(number)


def _user(data: dict[str, Any]) -> str:
    user = data.get("user", "bob")
    if user not in USERS:
        raise invalid(f"'user' must be one of {', '.join(USERS)}.")
    return str(user)


def _routes() -> tuple[Route, ...]:
    table = (
        ("GET", "/", show_page),
        ("GET", "/state", state),
        ("GET", "/customer_lists/{list_id}/members", list_members),
        ("DELETE", "/customer_lists/{list_id}", delete_list),
        ("GET", "/people.csv", seeded_people),
        ("GET", "/faults", show_faults),
        ("POST", "/faults", add_fault),
        ("DELETE", "/faults", clear_faults),
        ("DELETE", "/faults/{number}", clear_faults),
        ("POST", "/clock", move_clock),
        ("GET", "/settings", show_settings),
        ("POST", "/settings", change_settings),
        ("GET", "/calls", show_calls),
        ("DELETE", "/calls", clear_calls),
        ("POST", "/lists", seeding.seed_lists),
        ("POST", "/reset", reset),
        ("POST", "/grants", grant),
        ("POST", "/tokens", end_tokens),
    )
    return tuple(
        Route(method, f"/_simulator{path}", f"control{path}", "none", handler, kinds=())
        for method, path, handler in table
    )


ROUTES = _routes()
