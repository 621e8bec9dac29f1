"""Faults on demand: whom they strike, how often, and whether the call takes effect."""

import pytest
import requests

from tests.simulator.helpers import ACCOUNT, LISTS, Bob, body, error, sha256
from tests.support.simulator import SimulatorInTest

API_LISTS = f"http://pinterest.test/v5/ad_accounts/{ACCOUNT}/customer_lists"


@pytest.fixture
def bob(simulator: SimulatorInTest) -> Bob:
    """Bob with a token."""
    return Bob(simulator)


def batches(bob: Bob, list_id: str) -> int:
    """How many calls took effect on the list."""
    return int(bob.list_of(list_id)["num_batches"])


def send(bob: Bob, list_id: str, **more: object) -> requests.Response:
    """PATCH one record through the requests library."""
    return requests.patch(
        f"{API_LISTS}/{list_id}",
        json={"operation_type": "ADD", "records": "b@b.c"},
        headers={"Authorization": f"Bearer {bob.token}"},
        timeout=10,
        **more,
    )


@pytest.mark.parametrize(("when", "effect"), [("before", 1), ("after", 2)])
def test_a_dropped_connection_has_its_effect_or_not(bob: Bob, when: str, effect: int) -> None:
    list_id = bob.new_list()
    bob.simulator.fault("drop", when=when)

    with pytest.raises(requests.exceptions.ConnectionError):
        send(bob, list_id)

    assert batches(bob, list_id) == effect
    assert send(bob, list_id).status_code == 200


@pytest.mark.parametrize("kind", ["server_error", "unavailable", "error", "rate_limited"])
def test_a_refusal_after_the_effect_leaves_the_effect(bob: Bob, kind: str) -> None:
    list_id = bob.new_list()
    bob.simulator.fault(kind, operation="customer_lists/update", when="after")

    assert send(bob, list_id).status_code >= 400
    assert batches(bob, list_id) == 2


def test_the_short_names_of_drops(bob: Bob) -> None:
    bob.simulator.fault("drop_after")
    bob.simulator.fault("drop_before")

    assert [fault["when"] for fault in bob.simulator.control("faults")["items"]] == ["after", "before"]


def test_an_answer_slower_than_the_timeout_is_a_read_timeout(bob: Bob) -> None:
    list_id = bob.new_list()
    bob.simulator.fault("slow", operation="customer_lists/update", seconds=11)

    with pytest.raises(requests.exceptions.ReadTimeout):
        send(bob, list_id)

    assert batches(bob, list_id) == 2


def test_bodies_can_be_truncated_cut_or_no_json(bob: Bob) -> None:
    list_id = bob.new_list()
    for kind in ("truncated", "cut_json", "not_json"):
        bob.simulator.fault(kind)

    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        send(bob, list_id)
    for _ in range(2):
        with pytest.raises(requests.exceptions.JSONDecodeError):
            send(bob, list_id).json()
    assert batches(bob, list_id) == 4


def test_a_batch_with_a_chosen_record_is_refused_without_naming_it(bob: Bob) -> None:
    list_id, bad = bob.new_list(), sha256("bad")
    bob.simulator.fault("bad_records", digests=[bad.upper()])
    path = f"{LISTS}/{list_id}"

    for records in (f"{sha256('a')},{bad}", bad, bad.upper()):
        answer = bob.patch(path, {"operation_type": "ADD", "records": records})
        assert error(answer) == (400, 1)
        assert bad.encode() not in answer.body.lower()

    assert bob.patch(path, {"operation_type": "ADD", "records": sha256("a")}).status == 200
    assert batches(bob, list_id) == 2


def test_a_body_over_a_size_is_refused_with_413(bob: Bob) -> None:
    list_id = bob.new_list()
    bob.simulator.fault("too_large", bytes=500)

    assert bob.patch(f"{LISTS}/{list_id}", {"operation_type": "ADD", "records": "a" * 600}).status == 413
    assert bob.patch(f"{LISTS}/{list_id}", {"operation_type": "ADD", "records": "a" * 300}).status == 200
    assert bob.patch(f"{LISTS}/{list_id}", {"operation_type": "ADD", "records": "a" * 600}).status == 413


def test_a_token_can_expire_under_a_call_and_be_refreshed(simulator: SimulatorInTest, bob: Bob) -> None:
    other = Bob(simulator)
    simulator.fault("expired_token")

    assert error(bob.get(LISTS)) == (401, 2)
    assert error(bob.get(LISTS)) == (401, 2)
    assert other.get(LISTS).status == 200


def test_a_revoked_token_takes_every_token_of_the_user_along(simulator: SimulatorInTest, bob: Bob) -> None:
    other, alice = Bob(simulator), Bob(simulator, "alice")
    simulator.fault("revoked_token")

    assert error(bob.get(LISTS)) == (401, 2)
    assert error(other.get(LISTS)) == (401, 2)
    assert alice.get("/v5/ad_accounts").status == 200


def test_a_fault_strikes_as_often_as_told_after_letting_some_pass(bob: Bob) -> None:
    bob.simulator.fault("unavailable", times=2, skip=1)

    assert [bob.get(LISTS).status for _ in range(5)] == [200, 503, 503, 200, 200]


def test_a_fault_without_end_strikes_until_it_is_taken_away(bob: Bob) -> None:
    number = bob.simulator.fault("unavailable", times=None)
    assert {bob.get(LISTS).status for _ in range(5)} == {503}

    bob.simulator.control(f"faults/{number}", method="DELETE")

    assert bob.get(LISTS).status == 200


@pytest.mark.parametrize(
    "match",
    [
        {"method": "PATCH"},
        {"path": "/v5/ad_accounts/*/customer_lists/*"},
        {"operation": "customer_lists/update"},
        {"operation_type": "REMOVE"},
    ],
)
def test_a_fault_strikes_only_what_it_matches(bob: Bob, match: dict) -> None:
    list_id = bob.new_list()
    bob.simulator.fault("unavailable", **match)

    assert bob.post(LISTS, {"name": "x", "records": "a@b.c"}).status == 200
    answer = bob.patch(f"{LISTS}/{list_id}", {"operation_type": "REMOVE", "records": "a@b.c"})
    assert answer.status == 503


def test_faults_outlive_a_restart(simulator: SimulatorInTest, bob: Bob) -> None:
    simulator.fault("unavailable", times=3)
    bob.get(LISTS)

    simulator.restart()

    assert [bob.get(LISTS).status for _ in range(3)] == [503, 503, 200]


@pytest.mark.parametrize(
    "fault",
    [{}, {"kind": "x"}, {"kind": "drop", "when": "later"}, {"kind": "slow", "seconds": "2"}, {"kind": "slow", "x": 1}],
)
def test_a_fault_that_makes_no_sense_is_refused(simulator: SimulatorInTest, fault: dict) -> None:
    answer = simulator.call("POST", "/_simulator/faults", json_body=fault)

    assert answer.status == 400
    assert simulator.control("faults") == {"items": []}


def test_the_log_of_calls_names_the_fault(bob: Bob) -> None:
    bob.simulator.fault("unavailable")
    bob.get(LISTS)

    (call,) = bob.simulator.calls("customer_lists/list")

    assert (call["status"], call["fault"], call["user"]) == (503, "unavailable", "bob")
    assert body(bob.get(LISTS))["items"] == []
