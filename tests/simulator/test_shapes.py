"""The simulator's answers against the published description of the API (PyPI pinterestsdk, made from 5.28)."""

import json

import pinterestsdk.models as published
import pytest
from pydantic import BaseModel

from tests.simulator.helpers import ACCOUNT, AUDIENCES, LISTS, SECOND_ACCOUNT, Bob, Browser, body, emails, token_call
from tests.support.simulator import SimulatorInTest


@pytest.fixture
def bob(simulator: SimulatorInTest) -> Bob:
    """Bob with a token."""
    return Bob(simulator)


def check(model: type[BaseModel], data: dict) -> None:
    """The data has the published types, and no field that is not published."""
    known = {field.alias or name for name, field in model.model_fields.items()}
    assert set(data) <= known
    model.model_validate_json(json.dumps(data))


def test_accounts_have_the_published_shape(bob: Bob) -> None:
    check(published.Account, body(bob.get("/v5/user_account")))
    accounts = body(bob.get("/v5/ad_accounts"))["items"]
    for account in accounts:
        check(published.AdAccount, account)
    assert len(accounts) == 6


def test_lists_have_the_published_shape_in_every_state(bob: Bob) -> None:
    ready, small = bob.new_list(emails(120)), bob.new_list()
    check(published.CustomerList, bob.list_of(ready))
    bob.simulator.advance(10)

    found = [bob.list_of(ready), bob.list_of(small), *body(bob.get(LISTS))["items"]]

    for item in found:
        check(published.CustomerList, item)
    assert {item["status"] for item in found} == {"READY", "TOO_SMALL"}


def test_audiences_have_the_published_shape_in_every_state(bob: Bob) -> None:
    audience_id = bob.new_audience(bob.new_list(emails(120)))
    check(published.Audience, bob.audience(audience_id))
    bob.simulator.advance(10)

    for item in (bob.audience(audience_id), *body(bob.get(AUDIENCES))["items"]):
        check(published.Audience, item)


def test_sharing_has_the_published_shape(bob: Bob) -> None:
    audience_id = bob.new_audience(bob.new_list())
    change = {"audience_id": audience_id, "recipient_account_ids": [SECOND_ACCOUNT], "operation_type": "SHARE"}

    shared = body(bob.patch(f"{AUDIENCES}/ad_accounts/shared", change))
    query = f"audience_id={audience_id}&account_type=AD_ACCOUNT"
    listed = body(bob.get(f"/v5/ad_accounts/{ACCOUNT}/audiences/shared/accounts?{query}"))

    check(published.AdAccountToAdAccountSharedAudience, shared)
    check(published.SharedAudienceAccount, listed["items"][0])


def test_tokens_have_the_published_shape(simulator: SimulatorInTest, bob: Bob) -> None:
    code = Browser(simulator).code()
    first = body(token_call(simulator, grant_type="authorization_code", code=code, redirect_uri=simulator.redirect_uri))
    second = body(token_call(simulator, grant_type="refresh_token", refresh_token=first["refresh_token"]))
    conversion = body(bob.post("/v5/oauth/conversion_token", {}))

    check(published.OauthAccessToken, first)
    check(published.OauthAccessToken, second)
    check(published.ConversionAccessToken, conversion)


def test_errors_have_the_published_fields(bob: Bob) -> None:
    data = body(bob.get(f"{LISTS}/1"))

    published.PinterestLibError.model_validate(data)
    assert set(data) == {"code", "message", "status"}
