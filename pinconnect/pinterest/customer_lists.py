"""Customer lists: create one, add and remove records, read its state. Pinterest never gives the members back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pinconnect.pinterest import fields, paging, replies
from pinconnect.pinterest.client import Client, path
from pinconnect.pinterest.types import CustomerList, Payload, Shape

_DIGEST = re.compile(r"(?<![0-9a-z])[0-9a-f]{64}(?![0-9a-z])")


def create(client: Client, ad_account_id: str, *, name: str, list_type: str | None, payload: Payload) -> CustomerList:
    """Create a list that holds the payload's records. Names need not be unique, so a second call makes a second list.

    list_type: EMAIL, IDFA, MAID, LR_ID, DLX_ID or HASHED_PINNER_ID; None leaves it out, as rows of several kinds need.
    Raises UnknownOutcome when the list may exist or not: look for it before creating it again.
    Source: Pinterest API v5, customer_lists/create (read 2026-11-22).
    """
    head = {"name": name} if list_type is None else {"name": name, "list_type": list_type}
    reply = client.request(
        "POST", _path(ad_account_id), body=_body(head, payload), shape=_shape("CREATE", payload), safe_to_repeat=False
    )
    return replies.parsed(reply, _customer_list, is_read=False)


def add(client: Client, ad_account_id: str, list_id: str, payload: Payload) -> CustomerList:
    """Add records to a list; safe to repeat for the members, though Pinterest's counters rise again.

    Raises UnknownOutcome if no answer came; the same payload may be sent again.
    Source: Pinterest API v5, customer_lists/update (read 2026-11-22).
    """
    return _update(client, ad_account_id, list_id, "ADD", payload)


def remove(client: Client, ad_account_id: str, list_id: str, payload: Payload) -> CustomerList:
    """Remove records from a list, also those it does not hold; safe to repeat like add.

    Source: Pinterest API v5, customer_lists/update (read 2026-11-22).
    """
    return _update(client, ad_account_id, list_id, "REMOVE", payload)


def get(client: Client, ad_account_id: str, list_id: str) -> CustomerList:
    """A list's state and counters. Raises NotFound when it does not exist.

    Source: Pinterest API v5, customer_lists/get (read 2026-11-22).
    """
    reply = client.request("GET", _path(ad_account_id, list_id), safe_to_repeat=True)
    return replies.parsed(reply, _customer_list, is_read=True)


def list_all(client: Client, ad_account_id: str, *, newest_first: bool = False) -> Iterator[CustomerList]:
    """Every list of the ad account through all pages, ordered by id, which grows with time.

    Source: Pinterest API v5, customer_lists/list (read 2026-11-22).
    """
    order = "DESCENDING" if newest_first else "ASCENDING"
    return paging.iterate(client, _path(ad_account_id), _customer_list, params={"order": order})


def newest(client: Client, ad_account_id: str) -> CustomerList | None:
    """The newest list of the ad account, None while there is none: one small page, however many there are.

    Source: Pinterest API v5, customer_lists/list (read 2026-11-22).
    """
    params = {"order": "DESCENDING"}
    return next(paging.iterate(client, _path(ad_account_id), _customer_list, params=params, page_size=1), None)


def list_page(client: Client, ad_account_id: str, *, bookmark: str = "") -> paging.Page[CustomerList]:
    """One page of the ad account's lists, newest first, and the bookmark of the next one (None: that was the last).

    Source: Pinterest API v5, customer_lists/list (read 2026-11-22).
    """
    return paging.one_page(
        client, _path(ad_account_id), _customer_list, params={"order": "DESCENDING"}, bookmark=bookmark
    )


def _update(client: Client, ad_account_id: str, list_id: str, operation: str, payload: Payload) -> CustomerList:
    body = _body({"operation_type": operation}, payload)
    shape = _shape(operation, payload)
    reply = client.request("PATCH", _path(ad_account_id, list_id), body=body, shape=shape, safe_to_repeat=True)
    return replies.parsed(reply, _customer_list, is_read=False)


def _path(ad_account_id: str, *rest: str) -> str:
    return path("ad_accounts", ad_account_id, "customer_lists", *rest)


def _body(head: Mapping[str, str], payload: Payload) -> bytes:
    # Looking at each character of a megabyte takes longer than making the digests did, and rows are ready JSON text.
    opening = json.dumps(head, separators=(",", ":")).encode()[:-1]
    if payload.digests is not None:
        return b"".join((opening, b',"records":"', payload.digests, b'"}'))
    if payload.records is None:
        return b"".join((opening, b',"records_v2":', (payload.rows_json or "").encode(), b"}"))
    return b"".join((opening, b',"records":', json.dumps(payload.records).encode(), b"}"))


def _shape(operation: str, payload: Payload) -> Shape:
    # The first record stands at the very beginning, so the length of the rest does not matter.
    digest = _DIGEST.search(payload.beginning(200))
    return Shape(operation, payload.count, digest.group()[:4] if digest else "")


def _customer_list(data: dict[str, Any]) -> CustomerList:
    return CustomerList(
        id=fields.identity(data),
        ad_account_id=fields.text(data, "ad_account_id"),
        name=fields.text(data, "name"),
        status=fields.text(data, "status"),
        num_batches=fields.whole(data, "num_batches"),
        num_uploaded=fields.whole(data, "num_uploaded_user_records"),
        num_removed=fields.whole(data, "num_removed_user_records"),
        created_at=fields.moment(data, "created_time"),
        updated_at=fields.moment(data, "updated_time"),
    )
