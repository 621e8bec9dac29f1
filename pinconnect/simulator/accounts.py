"""user_account and ad_accounts."""

from __future__ import annotations

from typing import Any

from pinconnect.simulator import paging
from pinconnect.simulator.http import Answer, ApiError, json_answer
from pinconnect.simulator.routing import NOT_PERMITTED, Context, Route
from pinconnect.simulator.seeds import AUDIENCE_ROLES, USERS, AdAccount, accounts_of, ad_accounts


def reachable(context: Context, *, writing: bool = False) -> AdAccount:
    """The ad account of the path, if the user may read it or, when writing, holds an audience role in it."""
    account = ad_accounts().get(context.params["ad_account_id"])
    if account is None:
        # Code 2 means a bad token elsewhere; Pinterest's own example uses it here with a 404.
        raise ApiError(404, 2, "AdAccount not found.")
    permissions = set(account.permissions(context.user))
    if not permissions or (writing and not permissions & AUDIENCE_ROLES):
        raise ApiError(403, 29, NOT_PERMITTED)
    return account


def user_account(context: Context) -> Answer:
    """The token's user, or the owner of the ad account that is named."""
    key = context.user
    account_id = context.request.arg("ad_account_id")
    if account_id is not None:
        account = ad_accounts().get(account_id)
        if account is None or not account.permissions(key):
            raise ApiError(403, 403, "Not authorized to access the user account.")
        key = account.owner
    user = USERS[key]
    host = context.request.headers.get("host", "127.0.0.1")
    body: dict[str, Any] = {
        "id": user.id,
        "username": user.username,
        "account_type": user.account_type,
        "about": user.about,
        "profile_image": f"http://{host}/static/person.svg",
        "website_url": "",
        "board_count": 0,
        "pin_count": 0,
        "follower_count": 0,
        "following_count": 0,
        "monthly_views": 0,
    }
    if user.name:
        body["business_name"] = user.name
    return json_answer(body)


def list_all(context: Context) -> Answer:
    """One page of the ad accounts that the user can reach."""
    shared = paging.flag(context.request, "include_shared_accounts", default=True)
    accounts = [account for account in accounts_of(context.user) if shared or account.owner == context.user]
    listing = f"ad_accounts|{context.user}|{shared}"
    found, bookmark = paging.page(context.world, context.request, listing, accounts, lambda account: int(account.id))
    return json_answer({"items": [_body(account, context.user) for account in found], "bookmark": bookmark})


def get(context: Context) -> Answer:
    """One ad account."""
    return json_answer(_body(reachable(context), context.user))


def _body(account: AdAccount, user: str) -> dict[str, Any]:
    owner = USERS[account.owner]
    return {
        "id": account.id,
        "name": account.name,
        "owner": {"id": owner.id, "username": owner.username},
        "country": account.country,
        "currency": account.currency,
        "time_zone": account.time_zone,
        "permissions": list(account.permissions(user)),
        "created_time": account.created,
        "updated_time": account.created,
    }


_READERS = ("access", "client")
ROUTES = (
    Route("GET", "/v5/user_account", "user_account/get", "org_read", user_account, ("user_accounts:read",), _READERS),
    Route("GET", "/v5/ad_accounts", "ad_accounts/list", "ads_read", list_all, ("ads:read",), _READERS),
    Route("GET", "/v5/ad_accounts/{ad_account_id}", "ad_accounts/get", "ads_read", get, ("ads:read",), _READERS),
)
