"""A ledger that cannot be read holds up its own list, which says so, and nobody else."""

import errno
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from audiences import files
from audiences.models import Audience, Erasure, Removal, RemovalState
from audiences.people import erasing, lookup, receipt, removing
from audiences.people.reasons import story_of
from pinconnect.alerts.models import Alert
from pinconnect.workspaces.roles import Role
from tests.audiences.people.helpers import ask, carry_out, deliver_second, delivered, digests, email
from tests.factories import make_member, make_user
from tests.factories_audiences import Shop
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db
MEMBER = "member00007@example.com"


@pytest.fixture
def shop(simulator: SimulatorInTest) -> Shop:
    """Delivers to two lists; the ledger of the first one is lost."""
    shop = delivered(simulator)
    deliver_second(shop)
    lost = folder_of(broken())
    lost.rename(lost.with_name("lost"))
    return shop


def broken() -> Audience:
    return Audience.objects.get(name="Newsletter")


def whole() -> Audience:
    return Audience.objects.get(name="B")


def folder_of(audience: Audience) -> Path:
    return files._local(files.ledger_name(audience, audience.ledger_version))


def answer(shop: Shop, page: str) -> str:
    web = Client()
    web.force_login(make_member(shop.workspace, Role.VIEWER, user=make_user("Vera")).user)
    found = web.post(f"/w/{shop.workspace.slug}/{page}/", {"kind": "email", "value": MEMBER, "default_country": "none"})
    assert found.status_code == 200
    return str(found.content.decode())


def test_the_other_list_is_cleared_and_this_one_says_what_to_do(shop: Shop) -> None:
    erasure = ask(shop)

    carry_out(erasure, rounds=3)

    states = dict(erasure.removals.values_list("audience__name", "state"))
    assert states == {"Newsletter": RemovalState.WAITING, "B": RemovalState.REMOVED}
    assert email(7).digest.hex() not in {digest for _, digest in shop.simulator.members(whole().customer_list_id)}
    removal = erasure.removals.get(state=RemovalState.WAITING)
    assert (removal.waits_for, removal.attempts) == ("ledger_broken", 3)
    assert removal.next_attempt_at > timezone.now() + timedelta(seconds=60), "later each time"
    assert "Put the storage folder back from a backup" in str(receipt.of(erasure).lines)


def test_somebody_is_told(shop: Shop) -> None:
    erasure = ask(shop)
    Erasure.objects.update(requested_at=timezone.now() - timedelta(hours=2))

    erasing.work(erasure.pk)

    assert Alert.objects.filter(kind="audiences.erasure_waiting", resolved_at=None).count() == 1


def test_it_goes_on_when_the_ledger_is_back(shop: Shop) -> None:
    erasure = ask(shop)
    carry_out(erasure, rounds=2)
    lost = folder_of(broken())
    lost.with_name("lost").rename(lost)

    carry_out(erasure)

    assert erasure.completed_at is not None
    assert email(7).digest.hex() not in digests(shop)


def test_one_damaged_file_is_enough(shop: Shop) -> None:
    lost = folder_of(broken())
    lost.with_name("lost").rename(lost)
    (lost / "part-all.parquet").write_bytes(b"PAR1 and nothing else")
    erasure = ask(shop)

    carry_out(erasure, rounds=3)

    assert erasure.removals.get(state=RemovalState.WAITING).waits_for == "ledger_broken"


@pytest.mark.parametrize(
    ("problem", "code"),
    [(OSError(errno.ENOSPC, "full"), "ledger_no_room"), (RuntimeError("storage"), "ledger_away")],
)
def test_storage_that_is_away_or_full_is_told_apart(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, problem: Exception, code: str
) -> None:
    def fails(*_: Any) -> Any:
        raise problem

    monkeypatch.setattr(removing, "members_of", fails)
    erasure = ask(shop)

    erasing.work(erasure.pk)

    assert set(erasure.removals.values_list("waits_for", flat=True)) == {code}


def test_mistake_with_one_list_leaves_the_others_their_turn(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> Any:
        raise ValueError

    monkeypatch.setattr(removing, "start", fails)
    erasure = ask(shop)

    assert erasing.work(erasure.pk) == 2
    assert dict(erasure.removals.values_list("audience__name", "waits_for")) == {
        "Newsletter": "ledger_broken",
        "B": "mistake",
    }


def test_look_up_answers_for_the_other_list(shop: Shop) -> None:
    first, second = lookup.look_up(shop.workspace, [email(7)])

    assert (first.audience, first.is_member) == (whole(), True)
    assert (second.audience, second.is_readable, second.is_known) == (broken(), False, False)
    assert story_of(second).headline == "Cannot be looked up"


@pytest.mark.parametrize(("page", "known"), [("people", "On the list"), ("lab", "Delivered</")])
def test_page_names_the_list_that_could_not_be_read(shop: Shop, page: str, known: str) -> None:
    text = answer(shop, page)

    assert known in text
    assert "Not every list could be looked up" in text
    assert "Newsletter" in text.partition("Not every list could be looked up")[2]


@pytest.mark.parametrize("page", ["people", "lab"])
def test_nobody_is_said_to_be_on_no_list_then(shop: Shop, page: str) -> None:
    lost = folder_of(whole())
    lost.rename(lost.with_name("lost"))

    text = answer(shop, page)

    assert "On no list" not in text
    assert "Not every list could be looked up" in text


def test_where_everything_takes_too_long_the_answer_comes_all_the_same(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup, "_ONE_BY_ONE_S", 0.0)

    found = lookup.look_up(shop.workspace, [email(7)])

    assert [place.is_readable for place in found] == [False, False]


def test_list_that_is_gone_from_pinterest_needs_no_ledger(shop: Shop) -> None:
    Audience.objects.filter(name="Newsletter").update(list_state="GONE")

    (place,) = lookup.look_up(shop.workspace, [email(7)])

    assert place.audience == whole()


def test_removals_of_every_list_are_noted_once(shop: Shop) -> None:
    erasure = ask(shop)

    erasing.work(erasure.pk)
    erasing.work(erasure.pk)

    assert Removal.objects.filter(erasure=erasure).count() == 2
