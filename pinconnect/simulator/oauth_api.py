"""The token endpoint and its neighbours."""

from __future__ import annotations

import hmac
import re

from pinconnect.simulator import tokens
from pinconnect.simulator.http import Answer, ApiError, invalid, json_answer
from pinconnect.simulator.routing import NOT_PERMITTED, Context, Route
from pinconnect.simulator.seeds import SCOPES, USERS
from pinconnect.simulator.world import World

CODE_SECONDS = 600
BAD_GRANT = "The authorization grant is invalid"


def split_scopes(text: str) -> tuple[str, ...]:
    """Scopes separated by commas or blanks, in order, each once."""
    return tuple(dict.fromkeys(filter(None, re.split(r"[,\s]+", text))))


def require_app(context: Context) -> None:
    """HTTP Basic with the app's id and secret, or 401."""
    config = context.world.config
    given = context.request.basic()
    is_right = given is not None and all(
        hmac.compare_digest(one.encode(), other.encode())
        for one, other in zip(given, (config.app_id, config.app_secret), strict=True)
    )
    if not is_right:
        raise ApiError(401, 2, "Authentication failed.")


def _form(context: Context) -> dict[str, str]:
    kind = context.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise invalid("Invalid request: the body must be application/x-www-form-urlencoded.")
    return context.request.form()


def token(context: Context) -> Answer:
    """Exchange a code, refresh a token, or make a token for the app itself."""
    require_app(context)
    form = _form(context)
    grant = form.get("grant_type", "")
    handlers = {
        "authorization_code": _exchange,
        "refresh_token": _refresh,
        "client_credentials": _client_credentials,
    }
    if grant not in handlers:
        raise invalid("Invalid request: 'grant_type' is missing or not supported.")
    with context.world.store.transaction():
        body = handlers[grant](context.world, form)
    return json_answer({"response_type": grant, **body})


def _required(form: dict[str, str], name: str) -> str:
    if not form.get(name):
        raise invalid(f"Invalid request: '{name}' is a required property")
    return form[name]


def _exchange(world: World, form: dict[str, str]) -> dict[str, object]:
    code, redirect_uri = _required(form, "code"), _required(form, "redirect_uri")
    row = world.store.one("SELECT * FROM codes WHERE code_hash = ?", tokens.digest(code))
    is_good = (
        row is not None
        and not row["used"]
        and world.now() < row["created"] + CODE_SECONDS
        and row["redirect_uri"] == redirect_uri
    )
    if row is None or not is_good:
        raise ApiError(400, 283, BAD_GRANT)
    world.store.run("UPDATE codes SET used = 1 WHERE code_hash = ?", row["code_hash"])
    continuous = not world.options.legacy_app or form.get("continuous_refresh") == "true"
    return tokens.issue_pair(world, row["user"], tuple(row["scopes"].split()), continuous=continuous)


def _refresh(world: World, form: dict[str, str]) -> dict[str, object]:
    old = tokens.find(world, _required(form, "refresh_token"), ("refresh",))
    if old is None:
        raise ApiError(401, 283, BAD_GRANT)
    asked = split_scopes(form.get("scope", ""))
    if not set(asked) <= set(old.scopes):
        raise invalid("Invalid request: 'scope' asks for more than was granted.")
    scopes = asked or old.scopes
    if not old.continuous:
        access = tokens.issue(world, "access", old.user, scopes, tokens.ACCESS_SECONDS)
        return tokens.access_fields(access, scopes)
    if world.options.rotation == "strict":
        tokens.revoke(world, old.token_hash)
    return tokens.issue_pair(world, old.user, scopes)


def _client_credentials(world: World, form: dict[str, str]) -> dict[str, object]:
    scopes = split_scopes(_required(form, "scope"))
    if not set(scopes) <= set(SCOPES):
        raise invalid("Invalid request: 'scope' names an unknown scope.")
    access = tokens.issue(world, "client", world.config.owner, scopes, tokens.ACCESS_SECONDS)
    return tokens.access_fields(access, scopes)


def revoke(context: Context) -> Answer:
    """Make a system user's token useless; tokens of people cannot be revoked this way."""
    require_app(context)
    found = tokens.find(context.world, _required(_form(context), "token"), ("access", "refresh"))
    if found is None:
        raise ApiError(401, 2, "Authentication failed.")
    if not USERS[found.user].is_system:
        raise ApiError(403, 29, NOT_PERMITTED)
    tokens.revoke(context.world, found.token_hash)
    return Answer(200)


def conversion_token(context: Context) -> Answer:
    """A token that lives long and is good for events only."""
    text = tokens.issue(context.world, "conversion", context.user, (), None)
    return json_answer({"access_token": text, "token_type": "conversion"})


ROUTES = (
    Route("POST", "/v5/oauth/token", "oauth/token", "org_read", token, kinds=()),
    Route("POST", "/v5/oauth/token/revoke", "oauth/token_revoke", "org_write", revoke, kinds=()),
    Route(
        "POST", "/v5/oauth/conversion_token", "oauth/conversion_token", "org_write", conversion_token, ("ads:write",)
    ),
)
