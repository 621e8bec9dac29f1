"""Members worked out from everything that was added and removed, compared with a slow reference."""

import hashlib
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.simulator.helpers import LISTS, Bob, body, sha256
from tests.support.simulator import SimulatorInTest

DEVICE = "6D92078A-8246-4BA4-AE5B-76104861E7DC"
POOL = [
    *(sha256(str(number)) for number in range(12)),
    sha256("1").upper(),
    hashlib.sha1(b"1", usedforsecurity=False).hexdigest(),
    hashlib.md5(b"1", usedforsecurity=False).hexdigest(),
    "a@b.c",
    "A@b.c",
    DEVICE,
    DEVICE.lower(),
    'quote"d',
    "tab\there",
    "ünï@cödé.example",
    "line\nbreak@x.y",
    "plain",
    "",
    " ",
]
FIELDS = ["email", "maid", "hashed_phone_number", "hashed_pinner_id", "external_id"]
FIELD_KINDS = {"email": "email", "maid": "maid", "hashed_phone_number": "phone", "hashed_pinner_id": "pinner_id"}


@pytest.fixture
def bob(simulator: SimulatorInTest) -> Bob:
    """Bob with a token."""
    return Bob(simulator)


def clean(token: str) -> str:
    """As the simulator keeps it: controls become blanks, the ends are trimmed."""
    return re.sub(r"[\x00-\x1f]", " ", token).strip()


def member(place: str, token: str) -> tuple[str, str]:
    """The slow reference: which member one token of an EMAIL list's records, or of a row's field, names."""
    if place == "external_id":
        return "external_id", token.lower() if is_digest(token) else sha256(token)
    if is_digest(token):
        return FIELD_KINDS.get(place, "email"), token.lower()
    if place in ("records", "email") and "@" in token:
        return "email", sha256(token)
    if place in ("records", "maid") and re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", token):
        return "maid", sha256(token)
    return "invalid", sha256(token)


def is_digest(token: str) -> bool:
    """MD5, SHA-1 or SHA-256 in hexadecimal."""
    return len(token) in (32, 40, 64) and all(letter in "0123456789abcdefABCDEF" for letter in token)


tokens = st.lists(st.sampled_from(POOL), min_size=1, max_size=6)
rows = st.lists(
    st.dictionaries(st.sampled_from(FIELDS), st.sampled_from(POOL[:20]), min_size=1), min_size=1, max_size=4
)
operations = st.lists(st.tuples(st.booleans(), st.one_of(tokens, rows)), max_size=8)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=operations)
def test_members_equal_those_of_a_slow_reference(bob: Bob, changes: list) -> None:
    list_id = bob.new_list(sha256("first"))
    expected = {("email", sha256("first"))}
    for is_add, content in changes:
        if isinstance(content[0], str):
            data = {"records": ",".join(content)}
            named = {member("records", clean(token)) for token in content if clean(token)}
        else:
            data = {"records_v2": content}
            named = {member(place, clean(token)) for row in content for place, token in row.items()}
        answer = bob.patch(f"{LISTS}/{list_id}", {"operation_type": "ADD" if is_add else "REMOVE", **data})
        assert answer.status == (200 if named else 400)
        expected = expected | named if is_add else expected - named

    assert bob.simulator.members(list_id) == expected


def test_lines_are_sorted_and_each_member_stands_once(bob: Bob) -> None:
    list_id = bob.new_list(",".join(sha256(str(number)) for number in range(50)))
    bob.change(list_id, "ADD", ",".join([sha256("7").upper(), DEVICE]))

    lines = bob.simulator.control(f"customer_lists/{list_id}/members").splitlines()

    assert lines == sorted(set(lines))
    assert len(lines) == 51


@pytest.mark.parametrize(
    ("list_type", "kind"),
    [
        ("EMAIL", "email"),
        ("IDFA", "maid"),
        ("MAID", "maid"),
        ("LR_ID", "lr_id"),
        ("DLX_ID", "dlx_id"),
        ("HASHED_PINNER_ID", "pinner_id"),
    ],
)
def test_a_digest_is_of_the_kind_of_its_list(bob: Bob, list_type: str, kind: str) -> None:
    list_id = bob.new_list(sha256("x"), list_type=list_type)

    assert bob.simulator.members(list_id) == {(kind, sha256("x"))}


def test_a_plain_liveramp_id_is_a_member_under_its_digest(bob: Bob) -> None:
    list_id = bob.new_list("XY1234abcd", list_type="LR_ID")

    assert bob.simulator.members(list_id) == {("lr_id", sha256("XY1234abcd"))}


def test_records_and_rows_name_the_same_members(bob: Bob) -> None:
    list_id = bob.new_list(f"{sha256('a')},{sha256('b')}")

    bob.patch(f"{LISTS}/{list_id}", {"operation_type": "REMOVE", "records_v2": [{"email": sha256("a")}]})

    assert bob.simulator.members(list_id) == {("email", sha256("b"))}


@pytest.mark.parametrize("torn", [b"", b"2", b"2\tA", b"2\tAr\tto", b"2\tAr\tumlaut \xc3"])
def test_what_a_killed_process_did_not_count_never_happened(simulator: SimulatorInTest, bob: Bob, torn: bytes) -> None:
    list_id = bob.new_list(sha256("a"))
    with simulator.app.world.list_log(int(list_id)).open("ab") as file:
        file.write(f"2\tAr\t{sha256('half')}\n".encode() + torn)

    simulator.restart()

    assert simulator.members(list_id) == {("email", sha256("a"))}
    bob.change(list_id, "ADD", sha256("b"))
    assert simulator.members(list_id) == {("email", sha256("a")), ("email", sha256("b"))}


def test_a_damaged_log_is_reported_and_not_guessed(simulator: SimulatorInTest, bob: Bob) -> None:
    list_id = bob.new_list(f"{sha256('a')},{sha256('b')}")
    log = simulator.app.world.list_log(int(list_id))
    log.write_bytes(log.read_bytes()[:40])

    with pytest.raises(RuntimeError, match="damaged"):
        simulator.members(list_id)


def test_an_unknown_list_has_no_members(simulator: SimulatorInTest) -> None:
    for list_id in ("1", "x", "9" * 30):
        assert simulator.call("GET", f"/_simulator/customer_lists/{list_id}/members").status == 404


def test_nothing_is_left_on_disk_after_working_members_out(simulator: SimulatorInTest, bob: Bob) -> None:
    list_id = bob.new_list(sha256("a"))

    simulator.members(list_id)
    body(simulator.call("GET", "/_simulator/state"))

    names = {path.name for path in simulator.config.data_dir.iterdir()}
    assert names <= {"calls.log", "lists", "state.sqlite3", "state.sqlite3-wal", "state.sqlite3-shm"}
