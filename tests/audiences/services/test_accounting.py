"""The rows add up, whatever became of the batches."""

import random
from typing import Any

import pytest

from audiences import tasks
from audiences.models import Batch, Mode, Run
from audiences.pipeline import settle
from audiences.services import accounting
from audiences.services.deliveries import ColumnChoice
from audiences.states import BatchState, RunState
from tests.factories_audiences import drive, drive_through, make_shop, people
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db
TWO_EMAILS = (ColumnChoice("email", "email"), ColumnChoice("other", "email"))


def rows_with_everything() -> list[dict[str, str]]:
    rows = (
        people(range(40))
        + people(range(5))
        + [{**people([0])[0], "email": "nonsense"}, {**people([0])[0], "email": ""}]
    )
    return [{**row, "other": f"second{number}@example.com" if number % 3 else ""} for number, row in enumerate(rows)]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("columns", [(ColumnChoice("email", "email"),), TWO_EMAILS], ids=["one", "two columns"])
def test_read_is_always_the_sum_of_what_became_of_the_rows(
    simulator: SimulatorInTest, settings: Any, seed: int, columns: tuple[ColumnChoice, ...]
) -> None:
    settings.BATCH_RECORDS = 7
    make_shop(simulator, rows_with_everything(), columns=columns)
    run = Run.objects.get()
    tasks.prepare_run(run.pk)
    end_batches_at_random(run, random.Random(seed))

    rows = settled(run)["rows"]

    assert rows["read"] == 47
    assert rows["read"] == sum(rows.values()) - rows["read"]
    assert min(rows.values()) >= 0
    is_complete = not Batch.objects.exclude(state=BatchState.SENT).exists()
    assert (rows["failed"] == 0) == is_complete, "a failure is never rounded away"


def end_batches_at_random(run: Run, chance: random.Random) -> None:
    fates = [BatchState.SENT, BatchState.FAILED, BatchState.SKIPPED]
    for batch in Batch.objects.filter(run=run):
        Batch.objects.filter(pk=batch.pk).update(state=chance.choice(fates))
    run.refresh_from_db()


def settled(run: Run) -> dict[str, Any]:
    return accounting.final(run, {})


def test_batches_that_do_not_add_up_stop_the_settling(
    simulator: SimulatorInTest, caplog: pytest.LogCaptureFixture
) -> None:
    make_shop(simulator, people(range(10)))
    run = Run.objects.get()
    tasks.prepare_run(run.pk)
    Batch.objects.update(count=3, state=BatchState.SENT)
    Run.objects.update(state=RunState.SETTLING)

    assert settle.settle(run.pk) == RunState.SETTLING

    assert "UnaccountedError" in caplog.text
    run.refresh_from_db()
    assert "final" not in run.counts


def test_halves_stand_for_the_batch_that_was_halved(simulator: SimulatorInTest) -> None:
    make_shop(simulator, people(range(10)))
    simulator.fault("too_large", bytes=500)

    run = drive_through(Run.objects.get())

    assert run.counts["final"]["additions"] == {"sent": 10, "failed": 0, "not_sent": 0}


def test_removals_are_counted_as_identifiers(simulator: SimulatorInTest) -> None:
    shop = make_shop(simulator, people(range(40)))
    drive(Run.objects.get())
    shop.change(people(range(35)))

    final = drive(shop.start()).counts["final"]

    assert final["removals"] == {"sent": 5, "failed": 0, "not_sent": 0}
    assert final["rows"]["already_there"] == 35
    assert final["members"] == {"email": 35}


def test_a_run_under_way_says_how_far_it_is(simulator: SimulatorInTest) -> None:
    make_shop(simulator, people(range(10)), mode=Mode.ADD)
    run = Run.objects.get()
    assert accounting.rows_so_far(run)["read"] == 0
    tasks.prepare_run(run.pk)
    run.refresh_from_db()

    rows = accounting.rows_so_far(run)

    assert (rows["read"], rows["sent"], rows["failed"]) == (10, 0, 10)
    assert accounting.fates(run)["ADD"].waiting == 10
