"""Audiences: made of a customer list, read, listed and taken away."""

from datetime import UTC, datetime

import pytest
import responses
from responses import matchers

from pinconnect.pinterest import audiences, errors
from pinconnect.pinterest.client import Client
from pinconnect.pinterest.types import Audience
from tests.pinterest.conftest import API

AUDIENCES = f"{API}/ad_accounts/5/audiences"
BODY = {
    "id": "2542620905475",
    "ad_account_id": "5",
    "type": "audience",
    "audience_type": "CUSTOMER_LIST",
    "name": "Audience-Shoppers",
    "rule": {"customer_list_id": "643"},
    "size": 1200,
    "status": "READY",
    "created_timestamp": 1452208622,
    "updated_timestamp": None,
}
CREATED_AT = datetime(2016, 1, 7, 23, 17, 2, tzinfo=UTC)
EXPECTED = Audience("2542620905475", "Audience-Shoppers", "READY", 1200, "643", CREATED_AT, None)


def test_creating_names_the_list(api: responses.RequestsMock, client: Client) -> None:
    wanted = {
        "name": "Audience-Shoppers",
        "description": "",
        "audience_type": "CUSTOMER_LIST",
        "rule": {"customer_list_id": "643"},
    }
    api.post(AUDIENCES, json=BODY, match=[matchers.json_params_matcher(wanted)])

    assert audiences.create(client, "5", name="Audience-Shoppers", customer_list_id="643") == EXPECTED


def test_a_creation_answered_by_trouble_is_unknown(api: responses.RequestsMock, client: Client) -> None:
    api.post(AUDIENCES, status=500, json={"code": 500, "message": "oops"})

    with pytest.raises(errors.UnknownOutcome):
        audiences.create(client, "5", name="n", customer_list_id="643", description="d")


def test_one_audience_is_read(api: responses.RequestsMock, client: Client) -> None:
    api.get(f"{AUDIENCES}/2542620905475", json=BODY)

    assert audiences.get(client, "5", "2542620905475") == EXPECTED


def test_audiences_of_every_kind_are_listed(api: responses.RequestsMock, client: Client) -> None:
    visitors = {"id": "7", "name": "Visitors", "rule": {"retention_days": 180}, "status": "INITIALIZING"}
    query = {"order": "DESCENDING", "page_size": "250"}
    api.get(AUDIENCES, json={"items": [BODY, visitors]}, match=[matchers.query_param_matcher(query)])

    found = list(audiences.list_all(client, "5", newest_first=True))

    assert found == [EXPECTED, Audience("7", "Visitors", "INITIALIZING", None, None, None, None)]


def test_an_audience_without_members_has_a_size(api: responses.RequestsMock, client: Client) -> None:
    api.get(f"{AUDIENCES}/7", json={"id": "7", "size": 0, "rule": None})

    assert audiences.get(client, "5", "7").size == 0


@pytest.mark.parametrize("body", [b"", b'{"id": "7"}'])
def test_removing_asks_for_removal(api: responses.RequestsMock, client: Client, body: bytes) -> None:
    api.patch(f"{AUDIENCES}/7", body=body, match=[matchers.json_params_matcher({"operation_type": "REMOVE"})])

    audiences.remove(client, "5", "7")

    assert len(api.calls) == 1


def test_the_newest_takes_one_small_page(api: responses.RequestsMock, client: Client) -> None:
    query = {"order": "DESCENDING", "page_size": "1"}
    page = {"items": [BODY], "bookmark": "more"}
    api.get(AUDIENCES, json=page, match=[matchers.query_param_matcher(query)])

    assert audiences.newest(client, "5") == EXPECTED
    assert len(api.calls) == 1


def test_where_there_is_none_there_is_no_newest(api: responses.RequestsMock, client: Client) -> None:
    api.get(AUDIENCES, json={"items": [], "bookmark": None})

    assert audiences.newest(client, "5") is None
