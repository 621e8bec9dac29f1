"""Erasing people who are known by a partner's ID: from the form to the list at Pinterest."""

from hashlib import sha256

import pytest
from django.test import Client

from audiences.models import Erasure, RemovalState, Run, Trigger
from audiences.people import erasing, lookup
from audiences.people.lookup import Wanted
from audiences.services.deliveries import ColumnChoice
from audiences.states import RunState
from pinconnect.workspaces.roles import Role
from tests.factories import make_member, make_user
from tests.factories_audiences import Shop, drive, make_shop
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db
# Field of the form: (kind, the IDs of a list, a line that is none)
KINDS = {
    "lr_ids": ("lr_id", [f"XyLR{number:04d}abcdEFGH" for number in range(120)], "two words"),
    "dlx_ids": ("dlx_id", [f"dlx-{number:04d}-Q" for number in range(120)], "two words"),
    "pinner_ids": ("pinner_id", [f"54970000{number:06d}" for number in range(120)], "bob_garden"),
}
each_kind = pytest.mark.parametrize("field", KINDS)


def digest(text: str) -> bytes:
    return sha256(text.encode()).digest()


def delivered(simulator: SimulatorInTest, field: str) -> Shop:
    kind, ids, _ = KINDS[field]
    shop = make_shop(simulator, [{kind: one} for one in ids], columns=(ColumnChoice(kind, kind),))
    assert drive(Run.objects.get()).state == RunState.DONE
    assert len(shop.members) == len(ids)
    return shop


def post(shop: Shop, **data: str) -> tuple[int, str]:
    web = Client()
    web.force_login(make_member(shop.workspace, Role.ADMIN, user=make_user("Ada")).user)
    answer = web.post(f"/w/{shop.workspace.slug}/erasures/new/", {"is_sure": "on", "default_country": "none", **data})
    return answer.status_code, answer.content.decode()


@each_kind
def test_person_is_recorded_and_leaves_the_list(simulator: SimulatorInTest, field: str) -> None:
    shop = delivered(simulator, field)
    kind, ids, _ = KINDS[field]
    plain, hashed = digest(ids[7]), digest(ids[8])

    # One as the shop knows it, with spaces around it, and one as its hash.
    assert post(shop, **{field: f" {ids[7]} \n{hashed.hex().upper()}"})[0] == 302

    erasure = Erasure.objects.get()
    assert {(one.wire_kind, bytes(one.digest)) for one in erasure.tombstones.all()} == {(kind, plain), (kind, hashed)}

    erasing.work(erasure.pk)
    assert drive(Run.objects.get(trigger=Trigger.ERASURE)).state == RunState.DONE
    erasing.work(erasure.pk)

    erasure.refresh_from_db()
    assert erasure.completed_at is not None
    assert erasure.removals.get().state == RemovalState.REMOVED
    left = {member[1] for member in shop.members}
    assert left == {digest(one).hex() for one in ids} - {plain.hex(), hashed.hex()}
    (place,) = lookup.look_up(shop.workspace, [Wanted(kind, plain)])
    assert not place.is_member


@each_kind
def test_person_is_not_sent_again(simulator: SimulatorInTest, field: str) -> None:
    _, ids, _ = KINDS[field]
    shop = delivered(simulator, field)
    assert post(shop, **{field: ids[7]})[0] == 302

    run = drive(shop.start())

    assert run.counts["final"]["rows"]["held_back"] == 1
    assert digest(ids[7]).hex() not in {member[1] for member in shop.members}


@each_kind
def test_line_that_is_no_such_id_refuses_the_request(simulator: SimulatorInTest, field: str) -> None:
    _, ids, wrong = KINDS[field]
    shop = make_shop(simulator, [{"email": "a@example.com"}])

    status, text = post(shop, **{field: f"{ids[0]}\n{wrong}"})

    assert (status, Erasure.objects.count()) == (200, 0)
    assert "Line 2 (" in text
    assert text.count(wrong) == 1, "it is in the field to be put right, and masked in the message"
