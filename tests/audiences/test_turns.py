"""Many runs at once: few are in the queue, and no workspace waits behind the hundreds of another."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audiences import hinting, reconcile, tasks, turns
from audiences.models import Audience, Delivery, Run, Schedule, Trigger
from audiences.services import runs, schedules
from audiences.states import RunState
from tests.factories import make_user, make_workspace
from tests.factories_audiences import EMAIL, make_ad_account, make_dataset, make_profile, people
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db
MakeDeliveries = Callable[[str, int], list[Delivery]]


@pytest.fixture
def hinted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """The tasks that were asked for, and of which run."""
    asked: list[tuple[str, int]] = []
    # A slow machine is not what is tested here.
    monkeypatch.setattr(schedules, "BUDGET_S", 300.0)
    monkeypatch.setattr(hinting.hints, "enqueue", lambda path, pk, cluster="short": asked.append((path, pk)))
    return asked


@pytest.fixture
def make_deliveries(simulator: SimulatorInTest, hinted: list[tuple[str, int]]) -> MakeDeliveries:
    """Active deliveries of one small dataset in a workspace of their own, each into its own list, all of them due."""

    def make(name: str, number: int) -> list[Delivery]:
        workspace = make_workspace(name, owner=make_user(name))
        profile = make_profile(workspace, simulator)
        account, dataset = make_ad_account(profile), make_dataset(workspace, people(range(10)))
        made = []
        for count in range(number):
            audience = Audience.objects.create(
                workspace=workspace,
                ad_account=account,
                name=f"{name} {count}",
                customer_list_name=f"List {name} {count}",
                audience_name=f"Audience {name} {count}",
            )
            delivery = Delivery.objects.create(
                workspace=workspace,
                name=f"{name} {count}",
                dataset=dataset,
                profile=profile,
                audience=audience,
                state="active",
                mode="mirror",
                published_at=timezone.now(),
            )
            delivery.columns.create(column=EMAIL[0].column, kind=EMAIL[0].kind)
            due_at = timezone.now() - timedelta(seconds=1)
            Schedule.objects.create(delivery=delivery, rhythm="interval", every_minutes=60, due_at=due_at)
            made.append(delivery)
        return made

    return make


def names(hinted: list[tuple[str, int]]) -> list[str]:
    """The workspaces in the order in which runs of theirs were let in."""
    found = Run.objects.select_related("workspace").in_bulk(pk for path, pk in hinted if path.endswith("carry_run"))
    return [found[pk].workspace.name for path, pk in hinted if path.endswith("carry_run")]


def work_off(hinted: list[tuple[str, int]]) -> list[str]:
    """Take hints as a worker does, first come, first served, but end each run at once; the workspaces in turn."""
    order, position = [], 0
    while position < len(hinted):
        pk = hinted[position][1]
        position += 1
        turns.give("short")
        order.append(Run.objects.get(pk=pk).workspace.name)
        Run.objects.filter(pk=pk).update(state=RunState.DONE)
    return order


def test_the_queue_is_kept_short(make_deliveries: MakeDeliveries, hinted: list[tuple[str, int]]) -> None:
    make_deliveries("Acme", 20)

    assert schedules.start_due() == 20
    reconcile.hint_runs()

    assert len(hinted) == turns.room("short") == 8


def test_ten_do_not_wait_for_thirty_of_another_workspace(
    make_deliveries: MakeDeliveries, hinted: list[tuple[str, int]]
) -> None:
    make_deliveries("Acme", 30)
    make_deliveries("Bolt", 10)
    schedules.start_due()

    order = work_off(hinted)

    assert len(order) == len({pk for _, pk in hinted}) == 40, "each was let in once"
    assert order[:20].count("Bolt") == 10


def test_who_comes_later_does_not_wait_for_those_who_were_there(
    make_deliveries: MakeDeliveries, hinted: list[tuple[str, int]]
) -> None:
    make_deliveries("Acme", 30)
    schedules.start_due()
    make_deliveries("Bolt", 3)
    schedules.start_due()

    order = work_off(hinted)

    assert "Bolt" not in order[:8], "they are in the queue already"
    assert order[8:15].count("Bolt") == 3


def test_what_is_due_is_started_workspace_by_workspace(
    make_deliveries: MakeDeliveries, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_deliveries("Acme", 9)
    make_deliveries("Bolt", 3)
    monkeypatch.setattr(schedules, "AT_ONCE", 6)

    schedules.start_due()

    found = Run.objects.order_by("pk").values_list("workspace__name", flat=True)
    assert list(found) == ["Acme", "Bolt"] * 3


def test_starting_stops_when_the_time_is_up_and_goes_on_later(
    make_deliveries: MakeDeliveries, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_deliveries("Acme", 3)
    monkeypatch.setattr(schedules, "BUDGET_S", 0.0)
    assert schedules.start_due() == 0

    monkeypatch.setattr(schedules, "BUDGET_S", 300.0)

    assert schedules.start_due() == 3


def test_a_person_comes_before_the_schedules_of_the_workspace(
    make_deliveries: MakeDeliveries, hinted: list[tuple[str, int]]
) -> None:
    *scheduled, by_hand = make_deliveries("Acme", 12)
    Schedule.objects.filter(delivery=by_hand).delete()
    schedules.start_due()

    run = runs.start(by_hand, by=None, trigger=Trigger.BY_HAND)
    Run.objects.filter(pk=hinted[0][1]).update(state=RunState.PREPARING)
    turns.give("short")

    assert hinted[-1] == ("audiences.tasks.carry_run", run.pk)
    assert len(hinted) < len(scheduled)


def test_large_ones_do_not_take_the_room_of_small_ones(
    make_deliveries: MakeDeliveries, hinted: list[tuple[str, int]]
) -> None:
    make_deliveries("Acme", 30)
    schedules.start_due()
    large = Run.objects.order_by("pk")[:20].values("pk")
    Run.objects.filter(pk__in=large).update(is_large=True, hinted_at=None)
    Run.objects.update(hinted_at=None)
    hinted.clear()

    reconcile.hint_runs()

    paths = [path for path, _ in hinted]
    assert paths.count("audiences.tasks.carry_run") == turns.room("short")
    assert paths.count("audiences.tasks.prepare_and_send") == turns.room("prepare")


def test_hints_that_were_lost_make_room_after_a_while(
    make_deliveries: MakeDeliveries, hinted: list[tuple[str, int]]
) -> None:
    make_deliveries("Acme", 20)
    schedules.start_due()
    Run.objects.exclude(hinted_at=None).update(hinted_at=timezone.now() - turns.HINT_AGAIN_AFTER)
    hinted.clear()

    assert turns.give() == turns.room("short")


def test_lists_are_looked_at_less_while_deliveries_wait(
    make_deliveries: MakeDeliveries, hinted: list[tuple[str, int]]
) -> None:
    make_deliveries("Acme", 30)
    Audience.objects.update(observe_at=timezone.now())
    for audience in Audience.objects.all():
        Audience.objects.filter(pk=audience.pk).update(customer_list_id=f"26930{audience.pk}")
    schedules.start_due()
    assert turns.is_crowded()

    assert reconcile.hint_observations() == reconcile.LOOKS_IN_A_CROWD

    Run.objects.update(state=RunState.DONE)
    assert reconcile.hint_observations() == 30 - reconcile.LOOKS_IN_A_CROWD


def test_letting_in_asks_as_much_for_many_as_for_few(
    make_deliveries: MakeDeliveries, django_assert_num_queries: Any
) -> None:
    make_deliveries("Acme", 15)
    schedules.start_due()

    with django_assert_num_queries(1):
        assert turns.give("short") == 0, "the queue is full"


def test_a_small_run_is_carried_through_all_steps(
    make_deliveries: MakeDeliveries, hinted: list[tuple[str, int]]
) -> None:
    delivery = make_deliveries("Acme", 1)[0]
    schedules.start_due()
    hinted.clear()
    run = Run.objects.get(delivery=delivery)

    assert tasks.carry_run(run.pk) == RunState.DONE

    assert [path for path, _ in hinted if path.startswith("audiences.")] == ["audiences.tasks.observe_audience"]


def test_in_a_crowd_a_list_is_not_looked_at_as_soon_as_its_run_ends(
    make_deliveries: MakeDeliveries, hinted: list[tuple[str, int]]
) -> None:
    make_deliveries("Acme", 12)
    schedules.start_due()

    assert tasks.carry_run(hinted[0][1]) == RunState.DONE

    assert not [pk for path, pk in hinted if path.endswith("observe_audience")]
    assert Audience.objects.filter(observe_at__isnull=False).count() == 1, "the reconciler sees to it"
