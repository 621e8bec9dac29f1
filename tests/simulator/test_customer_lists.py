"""Customer lists: shape, counters and refusals (statements 34 to 47, 54, 56 and 57)."""

import pytest

from tests.simulator.helpers import ACCOUNT, LISTS, READ_ONLY_ACCOUNT, SECOND_ACCOUNT, Bob, body, error, sha256
from tests.support.simulator import SimulatorInTest


@pytest.fixture
def bob(simulator: SimulatorInTest) -> Bob:
    """Bob with a token."""
    return Bob(simulator)


def counters(found: dict) -> tuple[int, int, int]:
    """Batches, uploaded, removed."""
    return found["num_batches"], found["num_uploaded_user_records"], found["num_removed_user_records"]


def test_a_new_list_is_processing_and_counts_its_records(bob: Bob) -> None:
    """Statement 34."""
    answer = bob.post(LISTS, {"name": "Spring", "records": "a@b.c,d@e.f,,"})

    created = body(answer)
    assert answer.status == 200
    assert (created["status"], created["type"], created["name"]) == ("PROCESSING", "customerlist", "Spring")
    assert counters(created) == (1, 2, 0)
    assert created["ad_account_id"] == ACCOUNT
    assert created["id"].isdigit()


def test_a_new_list_may_be_answered_with_201(bob: Bob) -> None:
    """Statement 34."""
    bob.simulator.settings(created_status=201)

    assert bob.post(LISTS, {"name": "x", "records": "a@b.c"}).status == 201


@pytest.mark.parametrize(
    "data",
    [
        {"records": "a@b.c"},
        {"name": "", "records": "a@b.c"},
        {"name": 7, "records": "a@b.c"},
        {"name": "x"},
        {"name": "x", "records": "a@b.c", "records_v2": [{"email": "a@b.c"}]},
        {"name": "x", "records": ["a@b.c"]},
        {"name": "x", "records_v2": {"email": "a@b.c"}},
    ],
)
def test_a_list_needs_a_name_and_one_of_two_kinds_of_records(bob: Bob, data: dict) -> None:
    """Statement 35."""
    assert error(bob.post(LISTS, data)) == (400, 1)
    assert body(bob.get(LISTS))["items"] == []


def test_the_type_of_a_list_is_one_of_six_and_email_by_default(bob: Bob) -> None:
    """Statement 36."""
    for list_type in ("PHONE", "email", "", 1):
        assert error(bob.post(LISTS, {"name": "x", "records": "a", "list_type": list_type})) == (400, 1)

    for list_type in ("EMAIL", "IDFA", "MAID", "LR_ID", "DLX_ID", "HASHED_PINNER_ID"):
        assert bob.post(LISTS, {"name": "x", "records": "a", "list_type": list_type}).status == 200
    list_id = bob.new_list(sha256("x"))
    assert bob.simulator.members(list_id) == {("email", sha256("x"))}


def test_two_lists_of_one_name_have_rising_ids(bob: Bob) -> None:
    """Statement 37."""
    first, second = bob.new_list(), bob.new_list()

    assert int(second) > int(first)


def test_an_ad_account_id_in_the_body_is_ignored(bob: Bob) -> None:
    """Statement 38."""
    list_id = bob.new_list(ad_account_id=SECOND_ACCOUNT)

    assert bob.list_of(list_id)["ad_account_id"] == ACCOUNT


def test_a_trailing_comma_is_no_record(bob: Bob) -> None:
    """Statement 39."""
    assert counters(bob.list_of(bob.new_list("a@b.c,d@e.f,"))) == (1, 2, 0)
    assert counters(bob.list_of(bob.new_list(" a@b.c , \n,d@e.f"))) == (1, 2, 0)


def test_one_list_takes_emails_hashes_and_device_ids(bob: Bob) -> None:
    """Statement 40."""
    mixed = f"a@b.c,{sha256('x')},6D92078A-8246-4BA4-AE5B-76104861E7DC,55502f40dc8b7c769880b10874abc9d0"

    assert counters(bob.list_of(bob.new_list(mixed))) == (1, 4, 0)


def test_adding_counts_at_once_even_what_is_there_already(bob: Bob) -> None:
    """Statement 41."""
    list_id = bob.new_list("a@b.c,d@e.f")

    assert counters(bob.change(list_id, "ADD", "a@b.c,d@e.f,g@h.i")) == (2, 5, 0)
    assert counters(bob.list_of(list_id)) == (2, 5, 0)


def test_removing_counts_at_once_even_strangers(bob: Bob) -> None:
    """Statement 42."""
    list_id = bob.new_list("a@b.c")

    assert counters(bob.change(list_id, "REMOVE", "x@y.z,a@b.c")) == (2, 1, 2)


@pytest.mark.parametrize("operation", ["add", "REPLACE", "", None, 1])
def test_another_operation_is_refused(bob: Bob, operation: object) -> None:
    """Statement 43."""
    list_id = bob.new_list()
    data = {"records": "a@b.c", **({} if operation is None else {"operation_type": operation})}

    assert error(bob.patch(f"{LISTS}/{list_id}", data)) == (400, 1)
    assert counters(bob.list_of(list_id)) == (1, 1, 0)


def test_an_unknown_list_is_a_404(bob: Bob) -> None:
    """Statement 44."""
    list_id = bob.new_list()
    elsewhere = f"/v5/ad_accounts/{SECOND_ACCOUNT}/customer_lists/{list_id}"

    assert error(bob.get(f"{LISTS}/7")) == (404, 404)
    assert error(bob.patch(f"{LISTS}/7", {"operation_type": "ADD", "records": "a@b.c"})) == (404, 404)
    assert error(bob.get(elsewhere)) == (404, 404)


def test_a_list_never_gives_its_records_back(bob: Bob) -> None:
    """Statement 45."""
    list_id = bob.new_list("somebody@example.org")

    for answer in (bob.get(f"{LISTS}/{list_id}"), bob.get(LISTS)):
        assert b"somebody" not in answer.body
        assert b'records"' not in answer.body.replace(b'user_records"', b"")


def test_lists_come_oldest_first_unless_asked_otherwise(bob: Bob) -> None:
    """Statement 46."""
    ids = [bob.new_list() for _ in range(3)]

    rising = [item["id"] for item in body(bob.get(LISTS))["items"]]
    falling = [item["id"] for item in body(bob.get(f"{LISTS}?order=DESCENDING"))["items"]]

    assert rising == ids
    assert falling == ids[::-1]
    assert bob.get(f"{LISTS}?order=newest").status == 400


def test_lists_come_in_pages_in_both_orders(bob: Bob) -> None:
    ids = [bob.new_list() for _ in range(5)]
    for order, expected in (("ASCENDING", ids), ("DESCENDING", ids[::-1])):
        path, found = f"{LISTS}?page_size=2&order={order}", []
        page = body(bob.get(path))
        while page["bookmark"]:
            found += page["items"]
            page = body(bob.get(f"{path}&bookmark={page['bookmark']}"))
        assert [item["id"] for item in [*found, *page["items"]]] == expected


def test_a_list_cannot_be_deleted(bob: Bob) -> None:
    """Statement 47."""
    list_id = bob.new_list()

    assert bob.simulator.call("DELETE", f"{LISTS}/{list_id}", token=bob.token).status == 405
    assert bob.list_of(list_id)["id"] == list_id


def test_a_row_is_one_record_however_much_it_holds(bob: Bob) -> None:
    """Statement 54."""
    rows = [{"email": sha256("a"), "hashed_phone_number": sha256("1"), "user_agent": "x"}, {"maid": sha256("m")}]

    created = body(bob.post(LISTS, {"name": "x", "records_v2": rows}))

    assert counters(created) == (1, 2, 0)
    assert bob.simulator.members(created["id"]) == {
        ("email", sha256("a")),
        ("phone", sha256("1")),
        ("maid", sha256("m")),
    }


@pytest.mark.parametrize(
    "row", [{"phone": "1"}, {"email": "a@b.c", "x": "y"}, {}, {"email": ""}, {"email": 1}, "a", None]
)
def test_a_row_with_an_unknown_key_or_nothing_in_it_is_refused(bob: Bob, row: object) -> None:
    """Statement 54."""
    list_id = bob.new_list()

    answer = bob.patch(f"{LISTS}/{list_id}", {"operation_type": "ADD", "records_v2": [{"email": "b@b.c"}, row]})

    assert error(answer) == (400, 1)
    assert len(bob.simulator.members(list_id)) == 1


def test_too_many_records_or_bytes_are_refused_whole(bob: Bob) -> None:
    """Statement 56."""
    list_id = bob.new_list()
    for records in (",".join(["a@b.c"] * 10_001), "a" * 1_000_001):
        answer = bob.patch(f"{LISTS}/{list_id}", {"operation_type": "ADD", "records": records})
        assert answer.status == 413

    assert counters(bob.list_of(list_id)) == (1, 1, 0)
    assert counters(bob.change(list_id, "ADD", ",".join(["a@b.c"] * 10_000))) == (2, 10_001, 0)


def test_the_caps_and_their_status_can_be_set(bob: Bob) -> None:
    """Statement 56."""
    bob.simulator.settings(max_records=2, too_large_status=400)

    assert error(bob.post(LISTS, {"name": "x", "records": "a,b,c"})) == (400, 1)
    assert bob.post(LISTS, {"name": "x", "records": "a,b"}).status == 200


def test_is_nca_is_kept_and_cannot_be_changed(bob: Bob) -> None:
    """Statement 57."""
    list_id = bob.new_list(is_nca=True)

    answer = bob.patch(f"{LISTS}/{list_id}", {"operation_type": "ADD", "records": "a@b.c", "is_nca": False})

    assert error(answer) == (400, 1)
    assert bob.list_of(list_id)["is_nca"] is True


def test_nca_lists_can_be_left_out(bob: Bob) -> None:
    """Statement 57."""
    bob.new_list(is_nca=True)
    plain = bob.new_list()

    assert len(body(bob.get(LISTS))["items"]) == 2
    assert [item["id"] for item in body(bob.get(f"{LISTS}?exclude_nca=true"))["items"]] == [plain]


def test_without_an_audience_role_lists_can_be_read_but_not_made(bob: Bob) -> None:
    path = f"/v5/ad_accounts/{READ_ONLY_ACCOUNT}/customer_lists"

    assert error(bob.post(path, {"name": "x", "records": "a@b.c"})) == (403, 29)
    assert bob.get(path).status == 200
