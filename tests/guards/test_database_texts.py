"""No page hands the database a text with a NUL. PostgreSQL refuses it; SQLite, which most tests use, does not."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse

from tests.guards.test_access import Walk, described, undone, walk, walkable  # noqa: F401 -- a fixture

NAMES = ("q", "state", "show", "text", "who", "about", "from", "kind", "days", "column", "page", "profile", "dataset")
AT_LEAST = 40


def _as_postgresql(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    rows = params if many else [params]
    if any("\0" in value for row in rows for value in row or () if isinstance(value, str)):
        raise ValueError("PostgreSQL text fields cannot contain NUL (0x00) bytes")
    return execute(sql, params, many, context)


@pytest.fixture
def strict(db: None) -> Iterator[None]:
    # Attempts at public pages are counted there, over all the tests of a process.
    cache.clear()
    with connection.execute_wrapper(_as_postgresql):
        yield


def test_no_page_asks_for_a_nul(walk: Walk, strict: None) -> None:  # noqa: F811 -- the fixture
    walk.client.force_login(walk.here.admin)
    wrong, asked = [], 0
    for route in walkable():
        path = reverse(route.name, kwargs=walk.arguments(route, walk.here))
        with undone():
            answer = walk.client.get(path, dict.fromkeys(NAMES, "a\0b"))
        asked += answer.status_code == 200
        if answer.status_code >= 500:
            wrong.append(f"{route.name}: {described(answer)}")

    assert asked >= AT_LEAST, f"only {asked} pages were asked"
    assert not wrong


@pytest.mark.parametrize("path", ["/logo/a%00.png", "/connect/a%00/", "/partner/a%00/", "/join/a%00/"])
def test_no_public_address_asks_for_a_nul(strict: None, path: str) -> None:
    assert Client().get(path, follow=True).status_code == 404
