"""Audiences made from customer lists: what ads can target."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pinconnect.pinterest import fields, paging, replies
from pinconnect.pinterest.client import Client, path
from pinconnect.pinterest.types import Audience


def create(client: Client, ad_account_id: str, *, name: str, customer_list_id: str, description: str = "") -> Audience:
    """Make an audience of a customer list. Names need not be unique, so a second call makes a second audience.

    Raises UnknownOutcome when it may exist or not: look for it before creating it again.
    Source: Pinterest API v5, audiences/create (read 2026-11-22).
    """
    wanted = {
        "name": name,
        "description": description,
        "audience_type": "CUSTOMER_LIST",
        "rule": {"customer_list_id": customer_list_id},
    }
    reply = client.request("POST", _path(ad_account_id), json=wanted, safe_to_repeat=False)
    return replies.parsed(reply, _audience, is_read=False)


def get(client: Client, ad_account_id: str, audience_id: str) -> Audience:
    """An audience's state and size. Raises NotFound when it does not exist.

    Source: Pinterest API v5, audiences/get (read 2026-11-22).
    """
    reply = client.request("GET", _path(ad_account_id, audience_id), safe_to_repeat=True)
    return replies.parsed(reply, _audience, is_read=True)


def list_all(client: Client, ad_account_id: str, *, newest_first: bool = False) -> Iterator[Audience]:
    """Every audience that the ad account owns, of all kinds, through all pages, ordered by id.

    Source: Pinterest API v5, audiences/list (read 2026-11-22).
    """
    order = "DESCENDING" if newest_first else "ASCENDING"
    return paging.iterate(client, _path(ad_account_id), _audience, params={"order": order})


def newest(client: Client, ad_account_id: str) -> Audience | None:
    """The newest audience that the ad account owns, None while there is none: one small page, however many there are.

    Source: Pinterest API v5, audiences/list (read 2026-11-22).
    """
    params = {"order": "DESCENDING"}
    return next(paging.iterate(client, _path(ad_account_id), _audience, params=params, page_size=1), None)


def list_page(client: Client, ad_account_id: str, *, bookmark: str = "") -> paging.Page[Audience]:
    """One page of the ad account's own audiences, newest first, and the bookmark of the next one, None on the last.

    Source: Pinterest API v5, audiences/list (read 2026-11-22).
    """
    return paging.one_page(client, _path(ad_account_id), _audience, params={"order": "DESCENDING"}, bookmark=bookmark)


def rename(client: Client, ad_account_id: str, audience_id: str, *, name: str, description: str) -> None:
    """Give an audience another name and description; its list cannot be renamed. Safe to repeat.

    Raises NotFound when it is gone.
    Source: Pinterest API v5, audiences/update (read 2026-11-22).
    """
    wanted = {"operation_type": "UPDATE", "name": name, "description": description}
    client.request("PATCH", _path(ad_account_id, audience_id), json=wanted, safe_to_repeat=True)


def remove(client: Client, ad_account_id: str, audience_id: str) -> None:
    """Take an audience away; the list behind it stays, because Pinterest cannot delete lists. Safe to repeat.

    Raises NotFound when it is gone already.
    Source: Pinterest API v5, audiences/update (read 2026-11-22).
    """
    removal = {"operation_type": "REMOVE"}
    client.request("PATCH", _path(ad_account_id, audience_id), json=removal, safe_to_repeat=True)


def _path(ad_account_id: str, *rest: str) -> str:
    return path("ad_accounts", ad_account_id, "audiences", *rest)


def _audience(data: dict[str, Any]) -> Audience:
    return Audience(
        id=fields.identity(data),
        name=fields.text(data, "name"),
        status=fields.text(data, "status"),
        size=fields.optional_whole(data, "size"),
        customer_list_id=fields.optional_identity(fields.nested(data, "rule"), "customer_list_id"),
        created_at=fields.moment(data, "created_timestamp"),
        updated_at=fields.moment(data, "updated_timestamp"),
    )
