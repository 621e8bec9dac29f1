"""The same scenarios against replies written by hand and against the simulator: what works."""

from typing import Any

import pytest

from pinconnect.pinterest import ad_accounts, audiences, customer_lists, errors, oauth, user_accounts
from pinconnect.pinterest.client import Client
from pinconnect.pinterest.types import Payload
from tests.pinterest.contract.bodies import RECORDS, ROWS, SCOPES, a_list, an_audience, path
from tests.pinterest.contract.worlds import World


def test_the_user_says_who_it_is(world: World, client: Client) -> None:
    user = {"id": "27", "username": "shoes", "account_type": "BUSINESS", "business_name": "Shoes", "profile_image": "x"}
    world.reply("GET", "/user_account", user)

    found = user_accounts.get(client)

    assert (found.username, found.account_type) == (world.username, "BUSINESS")
    assert found.id
    assert client.last_rate is not None


def test_ad_accounts_come_with_permissions(world: World, client: Client) -> None:
    first = {"id": world.ad_account_id, "name": "A", "owner": {"id": "1", "username": "o"}, "permissions": ["OWNER"]}
    shared = {"id": "2", "name": "B", "permissions": ["ANALYST"], "country": "US", "currency": "USD"}
    world.reply(
        "GET", "/ad_accounts", {"items": [first | {"country": "US", "currency": "USD"}, shared], "bookmark": None}
    )

    found = {account.id: account for account in ad_accounts.list_all(client)}

    assert "OWNER" in found[world.ad_account_id].permissions
    assert all(len(account.country) == 2 and len(account.currency) == 3 for account in found.values())


def test_many_ad_accounts_come_page_by_page(world: World, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pinconnect.pinterest.limits.PAGE_SIZE", 1)
    world.reply("GET", "/ad_accounts", {"items": [{"id": "1"}], "bookmark": "x"})
    world.reply("GET", "/ad_accounts", {"items": [{"id": "2"}], "bookmark": None})

    found = [account.id for account in ad_accounts.list_all(client)]

    assert len(found) == len(set(found)) >= 2


@pytest.mark.parametrize(("payload", "list_type"), [(RECORDS, "EMAIL"), (ROWS, None)], ids=["records", "rows"])
def test_a_list_is_created_changed_and_read(
    world: World, client: Client, payload: Payload, list_type: str | None
) -> None:
    count = payload.count
    world.reply("POST", path("customer_lists"), a_list(num_uploaded_user_records=count), status=201)
    more = {"num_batches": 2, "num_uploaded_user_records": 2 * count}
    world.reply("PATCH", path("customer_lists/643"), a_list(**more))
    fewer = {**more, "num_batches": 3, "num_removed_user_records": count}
    world.reply("PATCH", path("customer_lists/643"), a_list(**fewer))
    world.reply("GET", path("customer_lists/643"), a_list(**fewer))
    account = world.ad_account_id

    made = customer_lists.create(client, account, name="n", list_type=list_type, payload=payload)
    added = customer_lists.add(client, account, made.id, payload)
    removed = customer_lists.remove(client, account, made.id, payload)

    assert (made.name, made.ad_account_id, made.status) == ("n", account, "PROCESSING")
    assert (made.num_batches, made.num_uploaded, made.num_removed) == (1, count, 0)
    assert (added.num_batches, added.num_uploaded, added.num_removed) == (2, 2 * count, 0)
    assert (removed.num_batches, removed.num_uploaded, removed.num_removed) == (3, 2 * count, count)
    assert customer_lists.get(client, account, made.id).num_batches == 3


def test_lists_are_listed_newest_first(world: World, client: Client) -> None:
    world.reply("POST", path("customer_lists"), a_list(id="643"))
    world.reply("POST", path("customer_lists"), a_list(id="644"))
    world.reply("GET", path("customer_lists"), {"items": [a_list(id="644"), a_list(id="643")], "bookmark": None})
    make = {"name": "n", "list_type": "EMAIL", "payload": RECORDS}

    older = customer_lists.create(client, world.ad_account_id, **make)
    newer = customer_lists.create(client, world.ad_account_id, **make)
    found = [one.id for one in customer_lists.list_all(client, world.ad_account_id, newest_first=True)]

    assert found[:2] == [newer.id, older.id]
    assert older.created_at is not None


def test_an_audience_is_made_listed_and_removed(world: World, client: Client) -> None:
    world.reply("POST", path("customer_lists"), a_list())
    world.reply("POST", path("audiences"), an_audience(), status=201)
    world.reply("GET", path("audiences"), {"items": [an_audience()], "bookmark": None})
    world.reply("PATCH", path("audiences/9"), an_audience())
    world.reply("GET", path("audiences/9"), {"code": 404, "message": "Audience not found."}, status=404)
    account = world.ad_account_id
    source = customer_lists.create(client, account, name="n", list_type="EMAIL", payload=RECORDS)

    made = audiences.create(client, account, name="a", customer_list_id=source.id, description="d")
    listed = [one.id for one in audiences.list_all(client, account)]
    audiences.remove(client, account, made.id)

    assert (made.name, made.status, made.customer_list_id) == ("a", "INITIALIZING", source.id)
    assert listed == [made.id]
    with pytest.raises(errors.NotFound):
        audiences.get(client, account, made.id)


def a_pair(**changes: Any) -> dict[str, Any]:
    lifetimes = {"expires_in": 2592000, "refresh_token_expires_in": 5184000, "refresh_token_expires_at": 1900000000}
    tokens = {"access_token": "pina_n", "refresh_token": "pinr_n", "token_type": "bearer", "scope": ",".join(SCOPES)}
    return {**tokens, **lifetimes, **changes}


def test_a_renewal_gives_a_working_pair(world: World) -> None:
    world.reply("POST", "/oauth/token", a_pair(response_type="refresh_token"))
    world.reply("GET", "/user_account", {"id": "27", "username": "shoes"})

    pair = oauth.refresh(world.refresh_token)

    assert user_accounts.get(Client(pair.access_token)).username == world.username
    assert pair.refresh_token not in (None, world.refresh_token)
    assert set(pair.scopes) == set(SCOPES)
    assert pair.refresh_expires_at is not None
    assert (pair.refresh_expires_at - pair.expires_at).days == 30


def test_an_unknown_refresh_token_is_refused(world: World) -> None:
    world.reply("POST", "/oauth/token", {"code": 2, "message": "Authentication failed."}, status=401)

    with pytest.raises(errors.TokenRefused):
        oauth.refresh("pinr_unknown")


def test_an_unknown_code_is_refused(world: World) -> None:
    body = {"code": 283, "message": "The authorization grant is invalid", "status": "failure"}
    world.reply("POST", "/oauth/token", body, status=400)

    with pytest.raises(errors.TokenRefused):
        oauth.exchange_code(code="unknown", redirect_uri="http://testserver/back/")
