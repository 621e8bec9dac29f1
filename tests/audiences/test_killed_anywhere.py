"""A worker that is killed before or after any write to the database: the run goes on and ends the same."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from django.db import connection, transaction

from audiences import tasks
from audiences.models import Audience, Batch, Run
from audiences.states import RunState
from tests.factories_audiences import Shop, drive, drive_through, expected_members, make_due, make_shop, people
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db
BEFORE, AFTER = people(range(40)), people(range(10, 50))
MOST_WRITES = 200


class Killed(BaseException):
    """Like SIGKILL: nothing that the worker might still do reaches the database."""


@contextmanager
def killed_at(number: int, moment: str) -> Iterator[dict[str, bool]]:
    """The process dies before or after its write of this number."""
    state = {"writes": 0, "dead": False}

    def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if state["dead"] and not sql.startswith(("ROLLBACK", "RELEASE")):
            raise Killed
        is_write = sql.startswith(("INSERT", "UPDATE", "DELETE"))
        state["writes"] += is_write
        dies = is_write and state["writes"] == number
        if dies and moment == "before":
            state["dead"] = True
            raise Killed
        result = execute(sql, params, many, context)
        if dies:
            state["dead"] = True
            raise Killed
        return result

    with connection.execute_wrapper(wrapper):
        yield state


def kill_everywhere(run: Run, moment: str, check: Any, restore: Any = lambda: None) -> int:
    """Try every write in turn, each time from the same state; returns how many there were."""
    for number in range(1, MOST_WRITES):
        outer = transaction.savepoint()
        was_killed = _die(run, number, moment)
        make_due(Run.objects.get(pk=run.pk))
        finished = drive_through(Run.objects.select_related("audience").get(pk=run.pk))
        check(finished)
        transaction.savepoint_rollback(outer)
        restore()
        if not was_killed:
            return number - 1
    raise AssertionError("The run never got to its end.")


def _die(run: Run, number: int, moment: str) -> bool:
    with killed_at(number, moment) as state, suppress(Killed):
        drive(Run.objects.select_related("audience").get(pk=run.pk))
    # The test's own transaction is not the one that died.
    transaction.set_rollback(False)
    return state["dead"]


@pytest.fixture
def shop(simulator: SimulatorInTest, settings: Any) -> Shop:
    settings.BATCH_RECORDS = 5
    return make_shop(simulator, BEFORE)


def assert_done(run: Run) -> None:
    final = run.counts["final"]
    assert run.state == RunState.DONE, run.reason
    assert sum(final["rows"].values()) == 2 * final["rows"]["read"] == 80
    assert final["rows"]["failed"] == 0


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_first_run_killed_at_any_write_ends_the_same(shop: Shop, moment: str) -> None:
    run = Run.objects.select_related("audience").get()
    tasks.prepare_run(run.pk)

    def check(ended: Run) -> None:
        assert_done(ended)
        audience = Audience.objects.get()
        assert shop.simulator.members(audience.customer_list_id) == expected_members(BEFORE)
        assert audience.member_count == 40
        assert audience.audience_id
        assert lists(shop) == {audience.customer_list_id} | known, "no second list was made"
        known.add(audience.customer_list_id)

    known: set[str] = set()

    writes = kill_everywhere(run, moment, check)

    assert writes >= 15, f"only {writes} writes were tried"


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_mirror_killed_at_any_write_ends_the_same(shop: Shop, moment: str) -> None:
    drive(Run.objects.select_related("audience").get())
    shop.change(AFTER)
    run = shop.start()
    tasks.prepare_run(run.pk)
    assert Batch.objects.filter(run=run, operation="REMOVE").exists()

    def check(ended: Run) -> None:
        assert_done(ended)
        assert shop.members == expected_members(AFTER)
        assert Audience.objects.get().member_count == 40

    def restore() -> None:
        patch(shop, "ADD", expected_members(BEFORE))
        patch(shop, "REMOVE", expected_members(AFTER) - expected_members(BEFORE))

    writes = kill_everywhere(run, moment, check, restore)

    assert writes >= 12, f"only {writes} writes were tried"


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_preparation_killed_at_any_write_ends_the_same(shop: Shop, moment: str) -> None:
    run = Run.objects.select_related("audience").get()

    for number in (1, 2, 3, 4):
        outer = transaction.savepoint()
        with killed_at(number, moment), suppress(Killed):
            tasks.prepare_run(run.pk)
        transaction.set_rollback(False)
        make_due(run)
        assert drive_through(Run.objects.select_related("audience").get(pk=run.pk)).state == RunState.DONE
        assert Batch.objects.count() == 8, "no batch stands there twice"
        assert shop.members == expected_members(BEFORE)
        transaction.savepoint_rollback(outer)


def lists(shop: Shop) -> set[str]:
    return {str(found["id"]) for found in shop.simulator.control("state")["customer_lists"]}


def patch(shop: Shop, operation: str, members: set[tuple[str, str]]) -> None:
    """Change the list at Pinterest behind everybody's back."""
    audience = Audience.objects.get()
    answer = shop.simulator.call(
        "PATCH",
        f"/v5/ad_accounts/{shop.ad_account.pinterest_id}/customer_lists/{audience.customer_list_id}",
        token=shop.profile.access_token,
        json_body={"operation_type": operation, "records": ",".join(digest for _, digest in members)},
    )
    assert answer.status == 200, answer.body
