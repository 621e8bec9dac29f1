"""What a run pins, and the shape in which Pinterest gets it."""

import pytest

from audiences.models import Audience, DeliveryColumn, Run
from audiences.services import editing
from audiences.services import plan as plans
from audiences.services.deliveries import ColumnChoice
from audiences.services.refusals import ServiceRefusal
from tests.factories_audiences import add_snapshot, drive, expected_members, make_shop, people
from tests.support.simulator import SimulatorInTest


def columns(*kinds: str) -> list[DeliveryColumn]:
    return [DeliveryColumn(column=f"c{number}", kind=kind) for number, kind in enumerate(kinds)]


@pytest.mark.parametrize(
    ("kinds", "shape", "list_type"),
    [
        (["email"], "records", "EMAIL"),
        (["email", "email"], "records", "EMAIL"),
        (["gaid"], "records", "MAID"),
        (["idfa"], "records", "IDFA"),
        (["idfa", "gaid"], "records", "MAID"),
        (["lr_id"], "records", "LR_ID"),
        (["dlx_id"], "records", "DLX_ID"),
        (["pinner_id"], "records", "HASHED_PINNER_ID"),
        (["phone"], "records_v2", "EMAIL"),
        (["email", "phone"], "records_v2", "EMAIL"),
        (["gaid", "phone"], "records_v2", "MAID"),
    ],
)
def test_the_kinds_choose_the_shape_of_a_new_list(kinds: list[str], shape: str, list_type: str) -> None:
    wire = plans.choose_wire(columns(*kinds), Audience())

    assert (wire.shape, wire.list_type) == (shape, list_type)


def test_a_list_of_another_type_gets_rows() -> None:
    audience = Audience(customer_list_id="1", list_type="EMAIL", ledger_members={"email": 0})

    wire = plans.choose_wire(columns("gaid"), audience)

    assert (wire.shape, wire.list_type) == ("records_v2", "EMAIL")


def test_a_list_that_holds_another_kind_gets_rows_so_that_it_can_be_removed() -> None:
    audience = Audience(customer_list_id="1", list_type="EMAIL", ledger_members={"email": 5, "phone": 5})

    assert plans.choose_wire(columns("email"), audience).shape == "records_v2"


@pytest.mark.parametrize(
    ("kinds", "list_type", "members"),
    [(["lr_id"], "EMAIL", {"email": 3}), (["email"], "LR_ID", {"lr_id": 3}), (["lr_id"], "DLX_ID", {})],
)
def test_ids_without_a_place_in_rows_cannot_change_lists(
    kinds: list[str], list_type: str, members: dict[str, int]
) -> None:
    audience = Audience(customer_list_id="1", list_type=list_type, ledger_members=members)

    with pytest.raises(ServiceRefusal, match="list_of_one_kind"):
        plans.choose_wire(columns(*kinds), audience)


@pytest.mark.django_db
def test_a_run_keeps_to_what_it_pinned(simulator: SimulatorInTest) -> None:
    rows = people(range(20))
    shop = make_shop(simulator, rows)
    add_snapshot(shop.dataset, people(range(50, 60)))

    run = drive(Run.objects.get())

    assert run.counts["final"]["rows"]["read"] == 20
    assert shop.members == expected_members(rows)


@pytest.mark.django_db
def test_columns_may_change_between_runs_and_what_is_no_longer_mapped_is_removed(simulator: SimulatorInTest) -> None:
    rows = people(range(20))
    both = [ColumnChoice("email", "email"), ColumnChoice("phone", "phone")]
    shop = make_shop(simulator, rows, columns=both)
    drive(Run.objects.get())
    assert shop.members == expected_members(rows, both)
    type(shop.delivery).objects.update(hold_share=100)

    editing.change(shop.delivery, editing.Wish(columns=both[:1]), by=None)
    drive(shop.start())

    assert shop.members == expected_members(rows, both[:1])
