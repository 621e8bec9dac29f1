"""The ad accounts that a Pinterest user can reach."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pinconnect.pinterest import fields, paging
from pinconnect.pinterest.client import Client
from pinconnect.pinterest.types import AdAccount


def list_all(client: Client) -> Iterator[AdAccount]:
    """Every ad account of the user, shared ones included, through all pages. Needs ads:read.

    Source: Pinterest API v5, ad_accounts/list (read 2026-11-22).
    """
    return paging.iterate(client, "/ad_accounts", _ad_account, params={"include_shared_accounts": "true"})


def _ad_account(data: dict[str, Any]) -> AdAccount:
    return AdAccount(
        id=fields.identity(data),
        name=fields.text(data, "name"),
        owner_username=fields.text(fields.nested(data, "owner"), "username"),
        country=fields.text(data, "country"),
        currency=fields.text(data, "currency"),
        permissions=fields.texts(data, "permissions"),
    )
