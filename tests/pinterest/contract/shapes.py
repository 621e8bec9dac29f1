"""Checks calls and answers against an independent description: PyPI's pinterestsdk, generated from OpenAPI 5.28."""

import json
import re
from typing import Any

import pinterestsdk
from pydantic import BaseModel

from pinconnect.pinterest import transport

Model = type[BaseModel]

# (method, path) -> model of the body sent, model of the answer. None: no body.
SHAPES: list[tuple[str, str, Model | None, Model | None]] = [
    ("GET", r"/user_account", None, pinterestsdk.Account),
    ("GET", r"/ad_accounts", None, pinterestsdk.AdAccountsList200Response),
    ("POST", r"/ad_accounts/\d+/customer_lists", pinterestsdk.CustomerListCreate, pinterestsdk.CustomerList),
    ("GET", r"/ad_accounts/\d+/customer_lists", None, pinterestsdk.CustomerListsList200Response),
    ("GET", r"/ad_accounts/\d+/customer_lists/\d+", None, pinterestsdk.CustomerList),
    (
        "PATCH",
        r"/ad_accounts/\d+/customer_lists/\d+",
        pinterestsdk.CustomerListUpdateWithRequiredBody,
        pinterestsdk.CustomerList,
    ),
    (
        "POST",
        r"/ad_accounts/\d+/customer_lists/\d+/uploads",
        pinterestsdk.CustomerListUploadCreateRequest,
        pinterestsdk.CustomerListUploadCreateResponse,
    ),
    ("PUT", r"/\(bucket\)/part-\d+", None, None),
    ("POST", r"/ad_accounts/\d+/customer_lists/\d+/uploads/\d+/run", None, pinterestsdk.CustomerListUpload),
    ("GET", r"/ad_accounts/\d+/customer_lists/\d+/uploads/\d+", None, pinterestsdk.CustomerListUpload),
    ("POST", r"/ad_accounts/\d+/audiences", pinterestsdk.AdAccountsAudienceCreate, pinterestsdk.AdAccountsAudience),
    ("GET", r"/ad_accounts/\d+/audiences", None, pinterestsdk.AudiencesList200Response),
    ("GET", r"/ad_accounts/\d+/audiences/\d+", None, pinterestsdk.AdAccountsAudience),
    (
        "PATCH",
        r"/ad_accounts/\d+/audiences/\d+",
        pinterestsdk.AdAccountsAudienceUpdate,
        pinterestsdk.AdAccountsAudience,
    ),
    ("POST", r"/oauth/token", None, pinterestsdk.OauthAccessToken),
]
# Real error bodies carry these beside what the description names.
_SEEN_IN_ERRORS = {"status", "message_detail", "details"}


def check(call: transport.Call, answer: transport.Answer) -> None:
    """Fail with pydantic's own words when a call or its answer does not have the shape that 5.28 describes."""
    sent_model, answer_model = _models(call)
    if sent_model is not None:
        _fits(sent_model, json.loads(call.body or b""))
    data = _json(answer)
    if data is not None and answer.status >= 400:
        _fits(pinterestsdk.PinterestLibError, data, ignore=_SEEN_IN_ERRORS)
    elif data is not None and answer_model is not None:
        _fits(answer_model, data)


def _json(answer: transport.Answer) -> Any:
    """None for a body that a fault made unreadable: it has no shape to check."""
    try:
        return json.loads(answer.body)
    except ValueError:
        return None


def _models(call: transport.Call) -> tuple[Model | None, Model | None]:
    for method, pattern, sent, answered in SHAPES:
        if call.method == method and re.fullmatch(pattern, call.path):
            return sent, answered
    raise AssertionError(f"No shape is known for {call.method} {call.path}.")


def _fits(model: Model, data: Any, ignore: set[str] = frozenset()) -> None:
    model.model_validate(data)
    unknown = set(data) - set(model.model_fields) - ignore
    assert not unknown, f"{model.__name__} has no {sorted(unknown)}"
