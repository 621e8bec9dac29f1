"""The same scenarios against replies written by hand and against the simulator: what goes wrong."""

from typing import Any

import pytest
import requests

from pinconnect.pinterest import ad_accounts, customer_lists, errors, user_accounts
from pinconnect.pinterest.client import Client
from tests.pinterest.contract.bodies import RECORDS, a_list, path
from tests.pinterest.contract.worlds import Simulated, World


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
