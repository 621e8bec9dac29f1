"""MD5 and SHA-1 are delivered where a column lets them through, and people are found and erased under them too."""

import hashlib

import pytest

from audiences.models import Audience, Removal, RemovalState, Run, Trigger
from audiences.people import erasing, lab, lookup, receipt
from audiences.services import editing
from audiences.services.deliveries import ColumnChoice
from audiences.services.refusals import ServiceRefusal
from audiences.states import RunState
from tests.factories_audiences import Shop, drive, drive_through, expected_members, make_shop
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db

NAMES = ("md5", "sha1", "sha256")
ANY_HASH = (ColumnChoice("email", "email", "any_hash"),)


def hashed(number: int, name: str) -> str:
    return hashlib.new(name, f"member{number:05d}@example.com".encode()).hexdigest()


def rows(numbers: range) -> list[dict[str, str]]:
    """People, each under one of the three hashes in turn, some of them in upper case."""
    values = [hashed(number, NAMES[number % 3]) for number in numbers]
    return [{"email": text.upper() if number % 5 == 0 else text} for number, text in zip(numbers, values, strict=True)]


def delivered(simulator: SimulatorInTest, columns: tuple[ColumnChoice, ...] = ANY_HASH) -> Shop:
    shop = make_shop(simulator, rows(range(300)), columns=columns)
    run = drive(Run.objects.get(delivery=shop.delivery))
    assert run.state == RunState.DONE
    return shop


def test_list_holds_every_hash_as_it_came_and_follows_the_data(simulator: SimulatorInTest) -> None:
    shop = delivered(simulator)
    assert shop.members == {("email", row["email"].lower()) for row in rows(range(300))}

    shop.change(rows(range(30, 320)))
    assert drive(shop.start()).state == RunState.DONE

    assert shop.members == {("email", row["email"].lower()) for row in rows(range(30, 320))}
    assert shop.members == expected_members(rows(range(30, 320)), ANY_HASH)


def test_without_the_choice_only_sha256_is_sent(simulator: SimulatorInTest) -> None:
    shop = delivered(simulator, (ColumnChoice("email", "email"),))

    assert {len(digest) for _, digest in shop.members} == {64}
    assert len(shop.members) == 100
    assert not Audience.objects.get().takes_other_hashes


@pytest.mark.parametrize("number", [6, 7, 8])
def test_plain_address_finds_the_person_under_whichever_hash(simulator: SimulatorInTest, number: int) -> None:
    shop = delivered(simulator)
    assert Audience.objects.get().takes_other_hashes

    (place,) = lookup.look_up(shop.workspace, lab.identities("email", f"Member{number:05d}@example.com"))

    assert [one.digest.hex() for one in place.members] == [hashed(number, NAMES[number % 3])]
    assert len(place.events) == 1


def test_person_is_erased_under_every_hash_and_held_back_from_then_on(simulator: SimulatorInTest) -> None:
    shop = delivered(simulator)
    wanted = lab.identities("email", "member00006@example.com")

    erasure = erasing.request(shop.workspace, by=None, wanted=wanted)
    for _ in range(6):
        Removal.objects.update(next_attempt_at=None)
        if erasing.work(erasure.pk) == 0:
            break
        for run in Run.objects.active().filter(trigger=Trigger.ERASURE):
            drive_through(run)

    gone = ("email", hashed(6, "md5"))
    assert erasure.removals.get().state == RemovalState.REMOVED
    assert gone not in shop.members
    assert len(shop.members) == 299
    assert drive(shop.start()).counts["final"]["rows"]["held_back"] == 1
    assert gone not in shop.members
    proof = receipt.of(erasure)
    assert proof.kinds == "1 × e-mail address"
    assert {key for one in receipt.as_json(proof)["identifiers"] for key in one} == {
        "kind", "md5_starts_with", "sha1_starts_with", "sha256_starts_with",
    }  # fmt: skip


def test_phone_digits_are_sent_as_they_are_or_not_at_all(simulator: SimulatorInTest) -> None:
    people = [{"phone": f"1415555{number:04d}"} for number in range(2600, 2800)] + [{"phone": "+1 415 555 2500"}]
    shop = make_shop(simulator, people, columns=(ColumnChoice("phone", "phone", "e164"),))

    run = drive(Run.objects.get(delivery=shop.delivery))

    assert shop.members == {("phone", hashlib.sha256(row["phone"].encode()).hexdigest()) for row in people[:-1]}
    assert run.counts["columns"][0]["invalid"] == {"phone_not_digits": 1}


@pytest.mark.parametrize(("kind", "treatment"), [("lr_id", "any_hash"), ("email", "e164")])
def test_treatment_that_makes_no_sense_for_the_kind_is_refused(
    simulator: SimulatorInTest, kind: str, treatment: str
) -> None:
    shop = make_shop(simulator, rows(range(3)), columns=(ColumnChoice("email", "email"),))
    choice = ColumnChoice("email", kind, treatment)

    with pytest.raises(ServiceRefusal) as refused:
        editing.change(shop.delivery, editing.Wish(columns=[choice]), by=None)

    assert refused.value.code == "unknown_treatment"
    assert treatment in refused.value.sentence
