"""The same scenarios against replies written by hand and against the simulator; every call is checked for its shape."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import responses

from pinconnect.pinterest import ad_accounts, audiences, customer_lists, errors, oauth, transport, user_accounts
from pinconnect.pinterest.client import Client
from pinconnect.pinterest.types import Payload
from tests.pinterest import shapes
from tests.pinterest.worlds import ByHand, Simulated, World

DIGESTS = [f"{number:064x}" for number in range(3)]
RECORDS = Payload(",".join(DIGESTS), None, 3)
_ROWS = [{"email": DIGESTS[0], "hashed_phone_number": DIGESTS[1]}, {"maid": DIGESTS[2]}]
ROWS = Payload(None, json.dumps(_ROWS), 2)
SCOPES = ("ads:read", "ads:write", "user_accounts:read")


@pytest.fixture(params=["written by hand", "simulator"])
def world(request: pytest.FixtureRequest, settings: Any) -> Iterator[World]:
    if request.param == "simulator":
        simulator = request.getfixturevalue("simulator")
        settings.PINTEREST_API_URL, settings.PINTEREST_OAUTH_URL = simulator.api_url, simulator.oauth_url
        settings.PINTEREST_APP_ID, settings.PINTEREST_APP_SECRET = simulator.app_id, simulator.app_secret
        yield Simulated(simulator)
    else:
        with responses.RequestsMock(registry=responses.registries.OrderedRegistry) as mock:
            yield ByHand(mock)


@pytest.fixture(autouse=True)
def checked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every call that is answered in a scenario has the described shape; at least one call is made."""
    seen: list[str] = []
    send = transport.send

    def send_and_check(call: transport.Call) -> transport.Answer:
        seen.append(call.method)
        answer = send(call)
        if answer.headers.get("content-type", "").startswith("application/json"):
            shapes.check(call, answer)
        return answer

    monkeypatch.setattr(transport, "send", send_and_check)
    yield seen
    assert seen


@pytest.fixture
def client(world: World) -> Client:
    return Client(world.access_token)


def a_list(**changes: Any) -> dict[str, Any]:
    body = {"id": "643", "ad_account_id": ByHand.ad_account_id, "name": "n", "type": "customerlist", "exceptions": {}}
    numbers = {"num_batches": 1, "num_uploaded_user_records": 3, "num_removed_user_records": 0}
    times = {"created_time": 1452208622, "updated_time": 1452208622}
    return {**body, **numbers, **times, "status": "PROCESSING", **changes}


def an_audience(**changes: Any) -> dict[str, Any]:
    body = {"id": "9", "ad_account_id": ByHand.ad_account_id, "type": "audience", "audience_type": "CUSTOMER_LIST"}
    return {**body, "name": "a", "rule": {"customer_list_id": "643"}, "status": "INITIALIZING", **changes}


def path(*rest: str) -> str:
    return "/".join((f"/ad_accounts/{ByHand.ad_account_id}", *rest))


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


def test_an_unknown_list_is_not_found(world: World, client: Client) -> None:
    world.reply("GET", path("customer_lists/999"), {"code": 404, "message": "Not found."}, status=404)

    with pytest.raises(errors.NotFound):
        customer_lists.get(client, world.ad_account_id, "999")


def test_a_foreign_ad_account_is_not_permitted(world: World, client: Client) -> None:
    body = {"code": 29, "message": "You are not permitted to access that resource."}
    world.reply("GET", "/ad_accounts/549700000401/customer_lists/1", body, status=403)

    with pytest.raises(errors.NotPermitted) as caught:
        customer_lists.get(client, "549700000401", "1")

    assert caught.value.code == 29


def test_an_unknown_token_is_refused(world: World) -> None:
    world.reply("GET", "/user_account", {"code": 2, "message": "Authentication failed."}, status=401)

    with pytest.raises(errors.TokenRefused) as caught:
        user_accounts.get(Client("pina_unknown"))

    assert caught.value.request_id


def test_a_missing_scope_is_told_apart_from_a_bad_token(world: World) -> None:
    text = "Your token does not have sufficient permissions to perform this operation."
    world.reply("GET", "/ad_accounts", {"code": 3, "message": text}, status=401)
    token = world.access_token
    if isinstance(world, Simulated):
        token = world.simulator.grant("bob", scopes=["user_accounts:read"])["access_token"]

    with pytest.raises(errors.MissingScope):
        list(ad_accounts.list_all(Client(token)))


def test_a_rate_limit_says_how_long(world: World, client: Client) -> None:
    body = {"code": 8, "message": "This request exceeded a rate limit.", "status": "failure"}
    world.reply("PATCH", path("customer_lists/643"), body, 429, **{"x-ratelimit-reset": "67"})
    world.fault("rate_limited", reset=67)

    with pytest.raises(errors.RateLimited) as caught:
        customer_lists.add(client, world.ad_account_id, "643", RECORDS)

    assert caught.value.retry_after_s == 67


def test_spam_is_not_a_rate_limit(world: World, client: Client) -> None:
    body = {"code": 8, "message": "Blocked.", "message_detail": "This looks like spam.", "status": "failure"}
    world.reply("PATCH", path("customer_lists/643"), body, status=429)
    world.fault("spam")

    with pytest.raises(errors.FlaggedAsSpam):
        customer_lists.add(client, world.ad_account_id, "643", RECORDS)


FAULTS_OF_ADDING = [
    ("server_error", {}, {"body": {"code": 500, "message": "x"}, "status": 500}, errors.ServerTrouble),
    ("unavailable", {}, {"body": {"code": 503, "message": "x"}, "status": 503}, errors.ServerTrouble),
    ("drop_before", {}, {"body": requests.ConnectionError("dropped")}, errors.UnknownOutcome),
    ("drop_after", {}, {"body": requests.ConnectionError("dropped")}, errors.UnknownOutcome),
    ("slow", {"seconds": 100}, {"body": requests.ReadTimeout("slow")}, errors.UnknownOutcome),
    ("cut_json", {}, {"body": b'{"id": "6'}, errors.UnknownOutcome),
    ("not_json", {}, {"body": b"<html></html>"}, errors.UnknownOutcome),
    ("too_large", {"bytes": 10}, {"body": {"code": 413, "message": "x"}, "status": 413}, errors.TooLarge),
    ("error", {}, {"body": {"code": 12, "message": "something went wrong"}, "status": 400}, errors.ServerTrouble),
    ("error", {"code": 1}, {"body": {"code": 1, "message": "bad"}, "status": 400}, errors.Rejected),
    (
        "expired_token",
        {},
        {"body": {"code": 2, "message": "Authentication failed."}, "status": 401},
        errors.TokenRefused,
    ),
]


@pytest.mark.parametrize(("kind", "parameters", "reply", "expected"), FAULTS_OF_ADDING)
def test_each_fault_of_adding_becomes_its_class(
    world: World, client: Client, kind: str, parameters: dict[str, Any], reply: dict[str, Any], expected: type
) -> None:
    world.reply("POST", path("customer_lists"), a_list())
    world.reply("PATCH", path("customer_lists/643"), **reply)
    made = customer_lists.create(client, world.ad_account_id, name="n", list_type="EMAIL", payload=RECORDS)
    world.fault(kind, **parameters)

    with pytest.raises(errors.PinterestError) as caught:
        customer_lists.add(client, world.ad_account_id, made.id, RECORDS)

    assert type(caught.value) is expected


@pytest.mark.parametrize(
    ("kind", "reply"),
    [
        ("server_error", {"body": {"code": 500, "message": "x"}, "status": 500}),
        ("drop_after", {"body": requests.ConnectionError("dropped")}),
        ("not_json", {"body": b"<html></html>"}),
    ],
)
def test_a_creation_without_a_clear_answer_is_unknown(
    world: World, client: Client, checked: list[str], kind: str, reply: dict[str, Any]
) -> None:
    world.reply("POST", path("customer_lists"), **reply)
    world.fault(kind)

    with pytest.raises(errors.UnknownOutcome):
        customer_lists.create(client, world.ad_account_id, name="n", list_type="EMAIL", payload=RECORDS)

    assert checked == ["POST"]


def test_a_read_recovers_from_passing_trouble(world: World, client: Client, checked: list[str]) -> None:
    world.reply("GET", "/user_account", {"code": 500, "message": "x"}, status=500)
    world.reply("GET", "/user_account", requests.ConnectionError("dropped"))
    world.reply("GET", "/user_account", {"id": "27", "username": "shoes"})
    world.fault("server_error")
    world.fault("drop_before")

    assert user_accounts.get(client).username == world.username
    assert checked == ["GET", "GET", "GET"]


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
