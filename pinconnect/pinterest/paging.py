"""Walks a listing of Pinterest page by page, by bookmark, and never takes a broken listing for a complete one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from pinconnect.pinterest import limits, replies
from pinconnect.pinterest.client import Client
from pinconnect.pinterest.errors import ServerTrouble

T = TypeVar("T")
Page = tuple[list[T], str | None]


def iterate(
    client: Client,
    path: str,
    build: Callable[[dict[str, Any]], T],
    *,
    params: Mapping[str, str] | None = None,
    page_size: int | None = None,
) -> Iterator[T]:
    """Every item of a listing, built by `build`, in Pinterest's order; pages are fetched as they are needed.

    Raises ServerTrouble when a page is broken or a bookmark comes twice: what was yielded until then is not complete.
    """
    bookmark: str | None = ""
    seen = {bookmark}
    while bookmark is not None:
        items, bookmark = one_page(client, path, build, params=params, bookmark=bookmark, page_size=page_size)
        yield from items
        if bookmark in seen:
            raise ServerTrouble("Pinterest repeats a page of this listing")
        seen.add(bookmark)


def one_page(
    client: Client,
    path: str,
    build: Callable[[dict[str, Any]], T],
    *,
    params: Mapping[str, str] | None = None,
    bookmark: str = "",
    page_size: int | None = None,
) -> Page[T]:
    """One page of a listing and the bookmark of the next one, None on the last. bookmark: "" for the first."""
    asked = {**(params or {}), "page_size": str(page_size or limits.PAGE_SIZE)}
    if bookmark:
        asked["bookmark"] = bookmark
    reply = client.request("GET", path, params=asked, safe_to_repeat=True)
    return replies.parsed(reply, lambda data: _page(data, build), is_read=True)


def _page(data: dict[str, Any], build: Callable[[dict[str, Any]], T]) -> Page[T]:
    items, bookmark = data["items"], data.get("bookmark")
    if not isinstance(items, list) or not isinstance(bookmark, str | None):
        raise TypeError("not a page")
    return [build(item) for item in items], bookmark or None
