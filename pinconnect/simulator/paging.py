"""Bookmarks: the place to go on, bound to the listing that gave them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from pinconnect.simulator.http import Request, invalid
from pinconnect.simulator.world import World

MAX_PAGE = 250
DEFAULT_PAGE = 25
Item = TypeVar("Item")


def page_size(request: Request) -> int:
    """The page_size parameter, 1 to 250."""
    text = request.arg("page_size", str(DEFAULT_PAGE)) or ""
    if not text.isascii() or not text.isdigit():
        raise invalid(f"Parameter 'page_size' was not numeric (was {text})")
    if not 1 <= int(text) <= MAX_PAGE:
        raise invalid(f"'page_size' value '{text}' must be between 1 and {MAX_PAGE}")
    return int(text)


def is_descending(request: Request) -> bool:
    """The order parameter; Pinterest documents no default, ascending is taken."""
    order = request.arg("order", "ASCENDING")
    if order not in ("ASCENDING", "DESCENDING"):
        raise invalid(f"'order' value '{order}' must be one of ASCENDING, DESCENDING")
    return order == "DESCENDING"


def flag(request: Request, name: str, *, default: bool) -> bool:
    """A boolean query parameter."""
    text = request.arg(name, "true" if default else "false")
    if text not in ("true", "false"):
        raise invalid(f"'{name}' value '{text}' is not a boolean")
    return text == "true"


def page(
    world: World,
    request: Request,
    listing: str,
    items: Sequence[Item],
    key: Callable[[Item], int],
    *,
    falling: bool = False,
) -> tuple[list[Item], str | None]:
    """One page of the items and the bookmark of the next one, None on the last.

    listing: names what is listed and for whom; a bookmark of another listing is refused.
    items: all of them; key: their ids, strictly rising, or strictly falling when so said.
    """
    size = page_size(request)
    bookmark = request.arg("bookmark")
    start = 0
    if bookmark:
        last = _read(world, listing, bookmark)
        start = sum(1 for item in items if (key(item) >= last if falling else key(item) <= last))
    found = list(items[start : start + size])
    has_more = start + size < len(items)
    return found, _write(world, listing, key(found[-1])) if has_more else None


def _signature(world: World, listing: str, last: int) -> str:
    text = f"{listing}|{last}".encode()
    return hmac.new(world.config.app_secret.encode(), text, hashlib.sha256).hexdigest()[:16]


def _write(world: World, listing: str, last: int) -> str:
    text = json.dumps([last, _signature(world, listing, last)])
    return base64.urlsafe_b64encode(text.encode()).decode()


def _read(world: World, listing: str, bookmark: str) -> int:
    try:
        content: Any = json.loads(base64.urlsafe_b64decode(bookmark.encode()))
        last, signature = content
        is_ours = hmac.compare_digest(str(signature), _signature(world, listing, last))
    except (ValueError, TypeError) as error:
        raise invalid("Invalid request: the bookmark is not valid.") from error
    if not is_ours:
        raise invalid("Invalid request: the bookmark is not valid.")
    return int(last)
