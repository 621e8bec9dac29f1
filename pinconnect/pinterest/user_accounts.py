"""The Pinterest user behind a token."""

from __future__ import annotations

from typing import Any

from pinconnect.pinterest import fields, replies
from pinconnect.pinterest.client import Client
from pinconnect.pinterest.types import PinterestUser


def get(client: Client) -> PinterestUser:
    """Who the token belongs to; also the cheapest proof that a token works. Needs user_accounts:read.

    Source: Pinterest API v5, user_account/get (read 2026-11-22).
    """
    reply = client.request("GET", "/user_account", safe_to_repeat=True)
    return replies.parsed(reply, _user, is_read=True)


def _user(data: dict[str, Any]) -> PinterestUser:
    user = PinterestUser(
        id=fields.optional_identity(data),
        username=fields.text(data, "username"),
        business_name=fields.text(data, "business_name"),
        account_type=fields.text(data, "account_type"),
        profile_image=fields.text(data, "profile_image"),
    )
    if user.id is None and not user.username:
        raise ValueError("a user without id and name cannot be told from another")
    return user
