"""The pages on which a seeded Pinterest user signs in and lets the app have access, in part, in full or not at all."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from pinconnect.simulator import pages, tokens
from pinconnect.simulator.http import Answer, ApiError, Request
from pinconnect.simulator.oauth_api import split_scopes
from pinconnect.simulator.routing import Context, Route
from pinconnect.simulator.seeds import SCOPES, USERS, User
from pinconnect.simulator.world import World

COOKIE = "pinterest_simulator_session"
WHAT_SCOPES_ALLOW = {
    "ads:read": "See your ad accounts, customer lists and audiences",
    "ads:write": "Create and change customer lists and audiences in your ad accounts",
    "user_accounts:read": "See your user name, your business name and your picture",
    "user_accounts:write": "Change your user account",
}


@dataclass(frozen=True)
class Asked:
    """What a valid authorize request asks for."""

    redirect_uri: str
    scopes: tuple[str, ...]
    state: str | None
    query: str

    @property
    def origin(self) -> str:
        """Scheme and host of the app, for the eyes of the user and the policy of the page."""
        parts = urlsplit(self.redirect_uri)
        return f"{parts.scheme}://{parts.netloc}"


class _BrokenLinkError(Exception):
    """A request that gets an error page and never a redirect."""


def _asked(world: World, request: Request) -> Asked:
    client_id = request.arg("client_id") or request.arg("consumer_id")
    redirect_uri = request.arg("redirect_uri")
    if not client_id or not redirect_uri:
        raise _BrokenLinkError("The link names no app (client_id) or no address to return to (redirect_uri).")
    if request.arg("response_type") != "code":
        raise _BrokenLinkError("The link must ask for response_type=code.")
    if client_id != world.config.app_id:
        raise _BrokenLinkError("The app (client_id) is not known.")
    if redirect_uri not in world.config.redirect_uris:
        raise _BrokenLinkError("The address to return to (redirect_uri) is not registered for this app.")
    scopes = split_scopes(request.arg("scope", "") or "")
    if not scopes:
        raise _BrokenLinkError("The link asks for no permission (scope).")
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown:
        raise _BrokenLinkError(f"The link asks for an unknown permission: {', '.join(unknown)}.")
    query = urlencode([(name, value) for name, values in request.query.items() for value in values])
    return Asked(redirect_uri, scopes, request.arg("state"), query)


def _signed_in(world: World, request: Request) -> tuple[User, str] | None:
    """The user of the browser's session and the token its forms must carry."""
    row = world.store.one("SELECT * FROM sessions WHERE id_hash = ?", tokens.digest(request.cookie(COOKIE) or ""))
    return (USERS[row["user"]], row["form_token"]) if row else None


def show(context: Context) -> Answer:
    """The sign-in page, or for someone signed in the page that asks for consent."""
    try:
        asked = _asked(context.world, context.request)
    except _BrokenLinkError as error:
        return pages.page("error.html", {"message": str(error)}, 400)
    signed_in = _signed_in(context.world, context.request)
    if signed_in is None:
        users = [user for user in USERS.values() if not user.is_system]
        return pages.page("sign_in.html", {"asked": asked, "users": users})
    return _consent(asked, *signed_in)


def _consent(asked: Asked, user: User, form_token: str, problem: str = "") -> Answer:
    scopes = [{"name": scope, "text": WHAT_SCOPES_ALLOW.get(scope, "")} for scope in asked.scopes]
    values = {"asked": asked, "user": user, "form_token": form_token, "scopes": scopes, "problem": problem}
    # The browser applies form-action to the redirect after the form, too.
    return pages.page("consent.html", values, 400 if problem else 200, form_targets=f"'self' {asked.origin}")


def sign_in(context: Context) -> Answer:
    """Start a session as the chosen user and go on to the consent page."""
    form = context.request.form()
    user = USERS.get(form.get("user", ""))
    if user is None or user.is_system:
        return pages.page("error.html", {"message": "Nobody of this name can sign in here."}, 400)
    session = secrets.token_urlsafe(32)
    context.world.store.run(
        "INSERT INTO sessions (id_hash, user, form_token) VALUES (?, ?, ?)",
        *(tokens.digest(session), user.key, secrets.token_urlsafe(24)),
    )
    cookie = f"{COOKIE}={session}; Path=/oauth/; HttpOnly; SameSite=Lax"
    return _to_consent(form).with_headers({"set-cookie": cookie})


def sign_out(context: Context) -> Answer:
    """End the session and go back to the sign-in page."""
    context.world.store.run(
        "DELETE FROM sessions WHERE id_hash = ?", tokens.digest(context.request.cookie(COOKIE) or "")
    )
    cookie = f"{COOKIE}=; Path=/oauth/; Max-Age=0; HttpOnly; SameSite=Lax"
    return _to_consent(context.request.form()).with_headers({"set-cookie": cookie})


def _to_consent(form: dict[str, str]) -> Answer:
    # Only a query is taken over, so the redirect cannot leave the simulator.
    query = urlencode(parse_qsl(form.get("query", ""), keep_blank_values=True))
    return Answer(303, {"location": f"/oauth/?{query}"})


def decide(context: Context) -> Answer:
    """Send the browser back to the app with a code, or with error=access_denied."""
    try:
        asked = _asked(context.world, context.request)
    except _BrokenLinkError as error:
        return pages.page("error.html", {"message": str(error)}, 400)
    signed_in = _signed_in(context.world, context.request)
    form = context.request.form_lists()
    given_token = form.get("form_token", [""])[-1]
    if signed_in is None or not hmac.compare_digest(given_token.encode(), signed_in[1].encode()):
        raise ApiError(403, 403, "This form is out of date. Go back to the app and begin again.")
    user, form_token = signed_in
    if form.get("decision", [""])[-1] != "allow":
        return _back(asked, {"error": "access_denied"})
    granted = tuple(scope for scope in asked.scopes if scope in form.get("scope", []))
    if not granted:
        problem = "Nothing is ticked. Tick at least one permission, or choose Cancel."
        return _consent(asked, user, form_token, problem)
    return _back(asked, {"code": _new_code(context.world, user.key, granted, asked.redirect_uri)})


def _new_code(world: World, user: str, granted: tuple[str, ...], redirect_uri: str) -> str:
    code = secrets.token_hex(20)
    with world.store.transaction():
        row = world.store.one("SELECT scopes FROM grants WHERE user = ?", user)
        ever = tuple(dict.fromkeys((*granted, *(row["scopes"].split() if row else ()))))
        world.store.run("INSERT OR REPLACE INTO grants (user, scopes) VALUES (?, ?)", user, " ".join(ever))
        scopes = ever if world.options.scopes_accumulate else granted
        world.store.run(
            "INSERT INTO codes (code_hash, user, scopes, redirect_uri, created) VALUES (?, ?, ?, ?, ?)",
            *(tokens.digest(code), user, " ".join(scopes), redirect_uri, world.now()),
        )
    return code


def _back(asked: Asked, values: dict[str, str]) -> Answer:
    if asked.state is not None:
        values = {**values, "state": asked.state}
    parts = urlsplit(asked.redirect_uri)
    query = "&".join(filter(None, (parts.query, urlencode(values))))
    return Answer(302, {"location": urlunsplit(parts._replace(query=query)), "cache-control": "no-store"})


ROUTES = (
    Route("GET", "/oauth/", "oauth/authorize", "none", show, kinds=()),
    Route("GET", "/oauth", "oauth/authorize", "none", show, kinds=()),
    Route("POST", "/oauth/", "oauth/decide", "none", decide, kinds=()),
    Route("POST", "/oauth/sign-in", "oauth/sign_in", "none", sign_in, kinds=()),
    Route("POST", "/oauth/sign-out", "oauth/sign_out", "none", sign_out, kinds=()),
)
