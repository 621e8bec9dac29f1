"""Customer lists: what is sent, byte for byte, and what is read back."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import responses
from responses import matchers

from pinconnect.pinterest import customer_lists, errors
from pinconnect.pinterest.client import Client
from pinconnect.pinterest.types import CustomerList, Payload
from tests.pinterest.conftest import API

LISTS = f"{API}/ad_accounts/549755885175/customer_lists"
BODY = {
    "id": "643",
    "ad_account_id": "549755885175",
    "name": "Customer List-Shoppers",
    "type": "customerlist",
    "status": "PROCESSING",
    "num_batches": 2,
    "num_uploaded_user_records": 11.0,
    "num_removed_user_records": 1,
    "created_time": 1452208622,
    "updated_time": 1461269616.5,
    "exceptions": {},
}
EXPECTED = CustomerList(
    "643",
    "549755885175",
    "Customer List-Shoppers",
    "PROCESSING",
    2,
    11,
    1,
    datetime(2016, 1, 7, 23, 17, 2, tzinfo=UTC),
    datetime(2016, 4, 21, 20, 13, 36, tzinfo=UTC),
)
RECORDS = Payload("aa,bb", None, 2)
ROWS = Payload(None, '[{"email":"aa","hashed_phone_number":"bb"}]', 1)


def test_creating_sends_name_type_and_records(api: responses.RequestsMock, client: Client) -> None:
    wanted = {"name": 'Say "hi", Ä', "list_type": "EMAIL", "records": "aa,bb"}
    api.post(LISTS, json=BODY, status=201, match=[matchers.json_params_matcher(wanted)])

    made = customer_lists.create(client, "549755885175", name='Say "hi", Ä', list_type="EMAIL", payload=RECORDS)

    assert made == EXPECTED


def test_rows_are_sent_untouched(api: responses.RequestsMock, client: Client) -> None:
    api.post(LISTS, json=BODY)

    customer_lists.create(client, "549755885175", name="n", list_type=None, payload=ROWS)

    body = api.calls[0].request.body
    assert body == b'{"name":"n","records_v2":[{"email":"aa","hashed_phone_number":"bb"}]}'


@pytest.mark.parametrize(("function", "operation"), [(customer_lists.add, "ADD"), (customer_lists.remove, "REMOVE")])
@pytest.mark.parametrize(
    ("payload", "field", "value"),
    [(RECORDS, "records", "aa,bb"), (ROWS, "records_v2", [{"email": "aa", "hashed_phone_number": "bb"}])],
)
def test_changes_send_their_operation(
    api: responses.RequestsMock, client: Client, function: Any, operation: str, payload: Payload, field: str, value: Any
) -> None:
    api.patch(
        f"{LISTS}/643", json=BODY, match=[matchers.json_params_matcher({"operation_type": operation, field: value})]
    )

    assert function(client, "549755885175", "643", payload) == EXPECTED


def test_odd_characters_in_records_stay_inside_their_text(api: responses.RequestsMock, client: Client) -> None:
    api.patch(f"{LISTS}/643", json=BODY)
    odd = 'a"b\\c\n},"x":{'

    customer_lists.add(client, "549755885175", "643", Payload(odd, None, 1))

    assert json.loads(api.calls[0].request.body or "") == {"operation_type": "ADD", "records": odd}


def test_one_list_is_read(api: responses.RequestsMock, client: Client) -> None:
    api.get(f"{LISTS}/643", json=BODY)

    assert customer_lists.get(client, "549755885175", "643") == EXPECTED


@pytest.mark.parametrize(("newest_first", "order"), [(True, "DESCENDING"), (False, "ASCENDING")])
def test_all_lists_are_read_in_the_order_asked(
    api: responses.RequestsMock, client: Client, newest_first: bool, order: str
) -> None:
    query = {"order": order, "page_size": "250"}
    api.get(LISTS, json={"items": [BODY], "bookmark": None}, match=[matchers.query_param_matcher(query)])

    assert list(customer_lists.list_all(client, "549755885175", newest_first=newest_first)) == [EXPECTED]


def test_what_pinterest_may_leave_out_is_filled(api: responses.RequestsMock, client: Client) -> None:
    api.get(f"{LISTS}/643", json={"id": 643, "name": "n", "created_time": None, "updated_time": -1})

    assert customer_lists.get(client, "549755885175", "643") == CustomerList("643", "", "n", "", 0, 0, 0, None, None)


@pytest.mark.parametrize("identity", [None, "", "12a", "١٢", True, 1.5, ["1"]])
def test_a_creation_answered_without_an_id_is_unknown(
    api: responses.RequestsMock, client: Client, identity: Any
) -> None:
    api.post(LISTS, json=BODY | {"id": identity})

    with pytest.raises(errors.UnknownOutcome):
        customer_lists.create(client, "549755885175", name="n", list_type="EMAIL", payload=RECORDS)


def test_an_unreadable_answer_to_an_addition_is_unknown(api: responses.RequestsMock, client: Client) -> None:
    api.patch(f"{LISTS}/643", body='{"id": "64')

    with pytest.raises(errors.UnknownOutcome):
        customer_lists.add(client, "549755885175", "643", RECORDS)


def test_an_unknown_list_is_not_found(api: responses.RequestsMock, client: Client) -> None:
    api.get(f"{LISTS}/9", status=404, json={"code": 404, "message": "Customer list not found."})

    with pytest.raises(errors.NotFound):
        customer_lists.get(client, "549755885175", "9")


@pytest.mark.parametrize(("records", "rows", "count"), [(None, None, 1), ("a", "[]", 1), ("a", None, 0)])
def test_a_payload_is_one_thing_and_not_empty(records: str | None, rows: str | None, count: int) -> None:
    with pytest.raises(ValueError, match="payload"):
        Payload(records, rows, count)
    with pytest.raises(ValueError, match="payload"):
        Payload(records or "a", None, 1, digests=b"aa")


def test_a_payload_is_not_printed() -> None:
    assert "aa" not in repr(RECORDS) + repr(ROWS)


def test_the_newest_takes_one_small_page(api: responses.RequestsMock, client: Client) -> None:
    query = {"order": "DESCENDING", "page_size": "1"}
    page = {"items": [BODY], "bookmark": "more"}
    api.get(LISTS, json=page, match=[matchers.query_param_matcher(query)])

    assert customer_lists.newest(client, "549755885175") == EXPECTED
    assert len(api.calls) == 1
