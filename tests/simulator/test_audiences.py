"""Audiences and sharing (statements 66 to 73)."""

import pytest

from tests.simulator.helpers import ACCOUNT, AUDIENCES, SECOND_ACCOUNT, STRANGERS_ACCOUNT, Bob, body, emails, error
from tests.support.simulator import SimulatorInTest

SHARED = f"{AUDIENCES}/ad_accounts/shared"
RECEIVED = f"/v5/ad_accounts/{SECOND_ACCOUNT}/audiences?ownership_type=RECEIVED"


@pytest.fixture
def bob(simulator: SimulatorInTest) -> Bob:
    """Bob with a token."""
    return Bob(simulator)


def ready_audience(bob: Bob, people: int = 120) -> str:
    """An audience over a list of so many people, settled."""
    audience_id = bob.new_audience(bob.new_list(emails(people)))
    bob.simulator.advance(10)
    return audience_id


@pytest.mark.parametrize(("people", "status"), [(150, "READY"), (99, "TOO_SMALL")])
def test_an_audience_initialises_and_then_has_a_size(bob: Bob, people: int, status: str) -> None:
    """Statement 66."""
    audience_id = bob.new_audience(bob.new_list(emails(people)), description="")

    early = bob.audience(audience_id)
    bob.simulator.advance(10)
    late = bob.audience(audience_id)

    assert early["status"] == "INITIALIZING"
    assert "size" not in early
    assert (late["status"], late["size"]) == (status, people)
    assert (late["type"], late["audience_type"]) == ("audience", "CUSTOMER_LIST")


def test_an_audience_waits_for_its_list(bob: Bob) -> None:
    """Statement 66."""
    list_id = bob.new_list(emails(120))
    bob.simulator.settings(ready_delay_s=0)

    assert bob.audience(bob.new_audience(list_id))["status"] == "INITIALIZING"


def test_a_small_list_is_refused_when_switched_so(bob: Bob) -> None:
    bob.simulator.settings(refuse_small_audiences=True)
    list_id = bob.new_list(emails(5))
    bob.simulator.advance(10)

    answer = bob.post(AUDIENCES, {"name": "A", "audience_type": "CUSTOMER_LIST", "rule": {"customer_list_id": list_id}})

    assert answer.status == 400


def test_an_unknown_or_foreign_list_makes_no_audience(bob: Bob) -> None:
    """Statement 67."""
    elsewhere = f"/v5/ad_accounts/{SECOND_ACCOUNT}/customer_lists"
    foreign = body(bob.post(elsewhere, {"name": "x", "records": "a@b.c"}))["id"]

    for list_id, expected in (("123", 404), (foreign, 404), ("x", 400), (None, 400)):
        rule = {"customer_list_id": list_id}
        answer = bob.post(AUDIENCES, {"name": "A", "audience_type": "CUSTOMER_LIST", "rule": rule})
        assert answer.status == expected
    assert body(bob.get(AUDIENCES))["items"] == []


@pytest.mark.parametrize("audience_type", ["customer_list", "Customer_List", "LIST", None])
def test_the_audience_type_is_case_sensitive(bob: Bob, audience_type: str | None) -> None:
    """Statement 68."""
    rule = {"customer_list_id": bob.new_list()}

    assert error(bob.post(AUDIENCES, {"name": "A", "audience_type": audience_type, "rule": rule})) == (400, 1)


@pytest.mark.parametrize(
    "change", [{"percentage": 0}, {"percentage": 11}, {"percentage": None}, {"seed_id": []}, {"seed_id": None}]
)
def test_an_actalike_audience_needs_a_seed_and_a_percentage_of_1_to_10(bob: Bob, change: dict) -> None:
    """Statement 69."""
    rule = {"seed_id": [ready_audience(bob)], "country": "US", "percentage": 5}

    right = bob.post(AUDIENCES, {"name": "A", "audience_type": "ACTALIKE", "rule": rule})
    wrong = bob.post(AUDIENCES, {"name": "A", "audience_type": "ACTALIKE", "rule": {**rule, **change}})

    assert right.status == 200
    assert wrong.status == 400


def test_the_seed_of_an_actalike_audience_must_be_ready(bob: Bob) -> None:
    """Statement 69."""
    seed = bob.new_audience(bob.new_list(emails(120)))
    data = {"name": "A", "audience_type": "ACTALIKE", "rule": {"seed_id": [seed], "country": "US", "percentage": "10"}}

    early = bob.post(AUDIENCES, data)
    bob.simulator.advance(10)
    made = bob.post(AUDIENCES, data)
    bob.simulator.advance(10)

    assert (early.status, made.status) == (400, 200)
    assert bob.audience(body(made)["id"])["status"] == "READY"


def test_a_removed_audience_is_gone(bob: Bob) -> None:
    """Statement 70."""
    audience_id, kept = ready_audience(bob), ready_audience(bob)

    removed = bob.patch(f"{AUDIENCES}/{audience_id}", {"operation_type": "REMOVE"})

    assert removed.status == 200
    assert error(bob.get(f"{AUDIENCES}/{audience_id}")) == (404, 404)
    assert [item["id"] for item in body(bob.get(AUDIENCES))["items"]] == [kept]


def test_an_audience_can_be_renamed(bob: Bob) -> None:
    audience_id = ready_audience(bob)

    bob.patch(f"{AUDIENCES}/{audience_id}", {"name": "New name", "description": "Why"})

    found = bob.audience(audience_id)
    assert (found["name"], found["description"], found["status"]) == ("New name", "Why", "READY")
    assert error(bob.patch(f"{AUDIENCES}/{audience_id}", {"operation_type": "DELETE"})) == (400, 1)


def test_times_of_an_audience_are_called_timestamps(bob: Bob) -> None:
    """Statement 71."""
    found = bob.audience(ready_audience(bob))

    assert isinstance(found["created_timestamp"], int)
    assert isinstance(found["updated_timestamp"], int)
    assert "created_time" not in found


def test_sharing_moves_an_audience_in_and_revoking_out(bob: Bob) -> None:
    """Statement 72."""
    audience_id = ready_audience(bob)
    change = {"audience_id": audience_id, "recipient_account_ids": [SECOND_ACCOUNT]}
    assert body(bob.get(RECEIVED))["items"] == []

    shared = bob.patch(SHARED, {**change, "operation_type": "SHARE"})
    during = body(bob.get(RECEIVED))["items"]
    owned = body(bob.get(RECEIVED.replace("RECEIVED", "OWNED")))["items"]
    bob.patch(SHARED, {**change, "operation_type": "REVOKE"})

    assert shared.status == 200
    assert [item["id"] for item in during] == [audience_id]
    assert owned == []
    assert body(bob.get(RECEIVED))["items"] == []


def test_a_recipient_reads_but_cannot_change_a_shared_audience(bob: Bob) -> None:
    audience_id = ready_audience(bob)
    theirs = f"/v5/ad_accounts/{SECOND_ACCOUNT}/audiences/{audience_id}"
    before = bob.get(theirs).status
    change = {"audience_id": audience_id, "recipient_account_ids": [SECOND_ACCOUNT], "operation_type": "SHARE"}

    bob.patch(SHARED, change)

    assert before == 404
    assert bob.get(theirs).status == 200
    assert bob.patch(theirs, {"operation_type": "REMOVE"}).status == 403
    listed = body(bob.get(f"{AUDIENCES}/shared/accounts?audience_id={audience_id}&account_type=AD_ACCOUNT"))
    assert [item["account_id"] for item in listed["items"]] == [SECOND_ACCOUNT]


def test_audiences_are_shared_only_by_and_with_the_same_owner(bob: Bob) -> None:
    change = {"audience_id": ready_audience(bob), "operation_type": "SHARE"}

    for recipient in (STRANGERS_ACCOUNT, ACCOUNT, "5"):
        assert bob.patch(SHARED, {**change, "recipient_account_ids": [recipient]}).status == 403
    assert error(bob.patch(SHARED, {**change, "recipient_account_ids": []})) == (400, 1)


def test_the_size_of_an_audience_follows_its_list_after_the_delay(bob: Bob) -> None:
    """Statement 73."""
    list_id = bob.new_list(emails(120))
    audience_id = bob.new_audience(list_id)
    bob.simulator.advance(10)
    sizes = [bob.audience(audience_id)["size"]]

    bob.change(list_id, "ADD", emails(80, first=120))
    sizes.append(bob.audience(audience_id)["size"])
    bob.simulator.advance(10)
    sizes.append(bob.audience(audience_id)["size"])

    assert sizes == [120, 120, 200]
    assert bob.audience(audience_id)["status"] == "READY"


def test_audiences_come_in_pages_and_both_orders(bob: Bob) -> None:
    list_id = bob.new_list()
    ids = [bob.new_audience(list_id) for _ in range(3)]

    first = body(bob.get(f"{AUDIENCES}?page_size=2&order=DESCENDING"))
    second = body(bob.get(f"{AUDIENCES}?page_size=2&order=DESCENDING&bookmark={first['bookmark']}"))

    assert [item["id"] for item in [*first["items"], *second["items"]]] == ids[::-1]
    assert second["bookmark"] is None
    assert error(bob.get(f"{AUDIENCES}?ownership_type=MINE")) == (400, 400)
