"""Listings: every page, in order, and never a broken one taken for complete."""

from typing import Any

import pytest
import responses
from responses import matchers

from pinconnect.pinterest import ad_accounts, errors, paging
from pinconnect.pinterest.client import Client
from tests.pinterest.conftest import API


def page(api: responses.RequestsMock, body: Any, **params: str) -> None:
    query = {"page_size": "250", **params}
    api.get(f"{API}/things", json=body, match=[matchers.query_param_matcher(query)])


def names(client: Client) -> list[str]:
    return list(paging.iterate(client, "/things", lambda item: item["name"], params={"order": "ASCENDING"}))


def test_all_pages_are_read_in_order(api: responses.RequestsMock, client: Client) -> None:
    page(api, {"items": [{"name": "a"}, {"name": "b"}], "bookmark": "next="}, order="ASCENDING")
    page(api, {"items": [{"name": "c"}], "bookmark": None}, order="ASCENDING", bookmark="next=")

    assert names(client) == ["a", "b", "c"]


@pytest.mark.parametrize("end", [{}, {"bookmark": None}, {"bookmark": ""}])
def test_an_empty_listing_ends_at_once(api: responses.RequestsMock, client: Client, end: dict[str, Any]) -> None:
    page(api, {"items": [], **end}, order="ASCENDING")

    assert names(client) == []


def test_pages_are_fetched_only_as_needed(api: responses.RequestsMock, client: Client) -> None:
    page(api, {"items": [{"name": "a"}], "bookmark": "more"})

    assert next(paging.iterate(client, "/things", lambda item: item["name"])) == "a"


def test_a_bookmark_that_comes_back_stops_the_walk(api: responses.RequestsMock, client: Client) -> None:
    page(api, {"items": [], "bookmark": "x"}, order="ASCENDING")
    page(api, {"items": [], "bookmark": "y"}, order="ASCENDING", bookmark="x")
    page(api, {"items": [], "bookmark": "x"}, order="ASCENDING", bookmark="y")

    with pytest.raises(errors.ServerTrouble, match="repeats a page"):
        names(client)


@pytest.mark.parametrize(
    "broken", [{}, {"items": None}, {"items": {}}, {"items": [], "bookmark": 5}, {"items": [{}]}, {"items": [3]}]
)
def test_a_broken_page_is_no_proof_of_absence(api: responses.RequestsMock, client: Client, broken: Any) -> None:
    page(api, broken, order="ASCENDING")

    with pytest.raises(errors.ServerTrouble, match="lacks what it should hold"):
        names(client)


def test_an_error_on_a_later_page_is_raised(api: responses.RequestsMock, client: Client) -> None:
    api.get(f"{API}/ad_accounts", json={"items": [{"id": "1"}], "bookmark": "x"})
    api.get(f"{API}/ad_accounts", status=401, json={"code": 2, "message": "Authentication failed."})
    walk = ad_accounts.list_all(client)

    assert next(walk).id == "1"
    with pytest.raises(errors.TokenRefused):
        next(walk)
