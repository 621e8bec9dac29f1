"""Matching with the seeded people, and what a list becomes (statements 48 to 53 and 55)."""

import hashlib

import pytest

from pinconnect.simulator.people import count_people, keys, seeded_people
from tests.simulator.helpers import LISTS, Bob, body, emails, sha256
from tests.support.simulator import SimulatorInTest


@pytest.fixture
def bob(simulator: SimulatorInTest) -> Bob:
    """Bob with a token."""
    return Bob(simulator)


def matched(bob: Bob, records: str | list[dict], **extra: object) -> int:
    """How many people a new list with these records finds."""
    name = "records" if isinstance(records, str) else "records_v2"
    answer = bob.post(LISTS, {"name": "x", name: records, **extra})
    assert answer.status == 200, answer.body
    bob.simulator.advance(10)
    lists = bob.simulator.control("state")["customer_lists"]
    return int(next(item for item in lists if item["id"] == body(answer)["id"])["matched_people"])


@pytest.mark.parametrize(("people", "status"), [(100, "READY"), (99, "TOO_SMALL")])
def test_a_hundred_people_make_a_list_ready_after_the_delay(bob: Bob, people: int, status: str) -> None:
    """Statement 48."""
    bob.simulator.settings(ready_delay_s=60)
    list_id = bob.new_list(emails(people) + "," + emails(people) + ",x@y.z")

    bob.simulator.advance(58)
    early = bob.list_of(list_id)["status"]
    bob.simulator.advance(3)

    assert early == "PROCESSING"
    assert bob.list_of(list_id)["status"] == status


def test_a_change_sends_a_list_back_to_processing(bob: Bob) -> None:
    """Statement 49."""
    list_id = bob.new_list(emails(120))
    bob.simulator.advance(10)
    assert bob.list_of(list_id)["status"] == "READY"

    assert bob.change(list_id, "REMOVE", emails(30))["status"] == "PROCESSING"
    bob.simulator.advance(10)
    assert bob.list_of(list_id)["status"] == "TOO_SMALL"

    assert bob.change(list_id, "ADD", emails(10))["status"] == "PROCESSING"
    bob.simulator.advance(10)
    assert bob.list_of(list_id)["status"] == "READY"


def test_every_spelling_of_an_email_is_the_same_person(bob: Bob) -> None:
    """Statement 50."""
    email = seeded_people()[7].email.encode()
    digests = [hashlib.new(name, email).hexdigest() for name in ("md5", "sha1", "sha256")]
    spellings = [email.decode(), *digests, *(digest.upper() for digest in digests)]

    assert matched(bob, ",".join(spellings)) == 1
    assert [matched(bob, spelling) for spelling in spellings] == [1] * 7
    assert matched(bob, [{"email": spelling} for spelling in spellings]) == 1


def test_what_was_added_under_one_spelling_is_removed_under_another(bob: Bob) -> None:
    """Statement 50."""
    list_id = bob.new_list(emails(100))
    bob.change(
        list_id, "REMOVE", hashlib.md5(seeded_people()[0].email.encode(), usedforsecurity=False).hexdigest().upper()
    )

    bob.simulator.advance(10)

    assert bob.list_of(list_id)["status"] == "TOO_SMALL"


def test_a_plain_email_in_capitals_matches_only_without_strictness(bob: Bob) -> None:
    """Statement 51."""
    assert matched(bob, "Member00001@Example.com") == 0
    assert matched(bob, [{"email": "Member00001@Example.com"}]) == 0

    bob.simulator.settings(strict_email_case=False)

    assert matched(bob, "Member00001@Example.com") == 1


def test_a_wrongly_cased_device_id_matches_nobody(bob: Bob) -> None:
    """Statement 52."""
    ios, android = seeded_people()[0].maid, seeded_people()[1].maid
    assert ios.isupper()
    assert android.islower()

    assert matched(bob, f"{sha256(ios)},{sha256(android)}", list_type="MAID") == 2
    assert matched(bob, f"{sha256(ios.lower())},{sha256(android.upper())}", list_type="MAID") == 0
    assert matched(bob, [{"maid": sha256(ios.lower())}, {"maid": sha256(android)}]) == 1


GARBAGE = "00000000-0000-0000-0000-000000000000,nobody,12,member00001example.com"


def test_garbage_is_counted_and_never_matched(bob: Bob) -> None:
    """Statement 53."""
    list_id = bob.new_list(GARBAGE)

    found = bob.list_of(list_id)

    assert found["num_uploaded_user_records"] == 4
    assert found["exceptions"] == {}
    assert matched(bob, GARBAGE) == 0


def test_garbage_is_listed_as_exceptions_when_switched_on(bob: Bob) -> None:
    """Statement 53."""
    bob.simulator.settings(list_exceptions=True)

    list_id = bob.new_list(f"{GARBAGE},{emails(3)},{sha256('x')}")

    assert bob.list_of(list_id)["exceptions"] == {"invalid_records": 4}


def test_a_phone_matches_only_as_the_digest_of_its_digits(bob: Bob) -> None:
    """Statement 55."""
    phone = seeded_people()[3].phone
    digits = phone.lstrip("+")

    assert matched(bob, [{"hashed_phone_number": digits}]) == 0
    assert matched(bob, [{"hashed_phone_number": phone}]) == 0
    assert matched(bob, [{"hashed_phone_number": sha256(phone)}]) == 0
    assert matched(bob, [{"hashed_phone_number": sha256(digits)}]) == 1
    assert matched(bob, [{"hashed_phone_number": sha256(digits).upper()}]) == 1
    assert matched(bob, sha256(digits)) == 0


def test_a_person_with_several_identifiers_counts_once(bob: Bob) -> None:
    person = seeded_people()[5]
    row = {
        "email": sha256(person.email),
        "maid": sha256(person.maid),
        "hashed_phone_number": sha256(person.phone.lstrip("+")),
        "hashed_pinner_id": sha256(person.pinner_id),
    }

    assert matched(bob, [row]) == 1


def test_the_seeded_people_are_distinct_and_always_the_same() -> None:
    people = seeded_people()

    assert len(people) == 2_500
    assert len({person.email for person in people} | {person.phone for person in people}) == 5_000
    assert len({person.maid.lower() for person in people}) == 2_500
    assert (people[42].email, people[42].phone) == ("member00042@example.com", "+14155550042")


def test_every_seeded_person_is_counted() -> None:
    everyone = 0
    for bit in keys().email.values():
        everyone |= 1 << bit

    assert count_people(everyone) == 2_500
    assert count_people(everyone << 1 | everyone) == 2_500
    assert count_people(0) == 0
