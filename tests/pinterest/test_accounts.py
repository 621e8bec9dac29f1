"""The user behind a token and the ad accounts within reach."""

from typing import Any

import pytest
import responses
from responses import matchers

from pinconnect.pinterest import ad_accounts, errors, user_accounts
from pinconnect.pinterest.client import Client
from pinconnect.pinterest.types import AdAccount, PinterestUser
from tests.pinterest.conftest import API


def test_the_user_is_read(api: responses.RequestsMock, client: Client) -> None:
    image = "https://i.pinimg.com/a.jpg"
    body = {
        "id": "27",
        "username": "shoes",
        "business_name": "Shoes",
        "account_type": "BUSINESS",
        "profile_image": image,
    }
    api.get(f"{API}/user_account", json=body | {"board_count": 14})

    assert user_accounts.get(client) == PinterestUser("27", "shoes", "Shoes", "BUSINESS", image)


def test_a_user_may_come_without_an_id(api: responses.RequestsMock, client: Client) -> None:
    api.get(f"{API}/user_account", json={"username": "shoes", "business_name": None})

    assert user_accounts.get(client) == PinterestUser(None, "shoes", "", "", "")


def test_a_user_without_id_and_name_is_no_user(api: responses.RequestsMock, client: Client) -> None:
    api.get(f"{API}/user_account", json={"account_type": "PINNER"})

    with pytest.raises(errors.ServerTrouble):
        user_accounts.get(client)


def test_ad_accounts_are_read_with_shared_ones(api: responses.RequestsMock, client: Client) -> None:
    full = {
        "id": "549755885175",
        "name": "ACME",
        "owner": {"username": "acme"},
        "country": "US",
        "currency": "USD",
        "permissions": ["OWNER", "ANALYST"],
        "time_zone": "America/New_York",
    }
    query = {"include_shared_accounts": "true", "page_size": "250"}
    api.get(f"{API}/ad_accounts", json={"items": [full, {"id": "2"}]}, match=[matchers.query_param_matcher(query)])

    assert list(ad_accounts.list_all(client)) == [
        AdAccount("549755885175", "ACME", "acme", "US", "USD", ("OWNER", "ANALYST")),
        AdAccount("2", "", "", "", "", ()),
    ]


@pytest.mark.parametrize("permissions", [None, "OWNER", [None, 3]])
def test_odd_permissions_count_as_none(api: responses.RequestsMock, client: Client, permissions: Any) -> None:
    api.get(f"{API}/ad_accounts", json={"items": [{"id": "2", "permissions": permissions}]})

    assert next(ad_accounts.list_all(client)).permissions == ()
