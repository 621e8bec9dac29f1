"""Settling: the ledger learns exactly what was acknowledged, whatever happens meanwhile."""

from typing import Any

import pytest

from audiences import files, ledger, tasks
from audiences.models import Audience, Batch, Run
from audiences.pipeline import settle
from audiences.states import BatchState, RunState
from tests.factories_audiences import Shop, drive, drive_through, expected_members, make_due, make_shop, people
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db
ROWS = people(range(30))


@pytest.fixture
def shop(simulator: SimulatorInTest, settings: Any) -> Shop:
    settings.BATCH_RECORDS = 10
    return make_shop(simulator, ROWS)


def sent_run() -> Run:
    """Everything is sent, nothing settled."""
    run = Run.objects.select_related("audience").get()
    tasks.prepare_run(run.pk)
    tasks.pump_run(run.pk)
    run.refresh_from_db()
    assert run.state == RunState.SETTLING
    return run


def test_the_ledger_holds_what_was_acknowledged(shop: Shop) -> None:
    drive(sent_run())

    audience = Audience.objects.get()
    path = files.ledger(audience, audience.ledger_version)
    assert ledger.count(path) == audience.member_count == 30
    assert all(ledger.contains(path, kind, bytes.fromhex(digest)) for kind, digest in expected_members(ROWS))
    assert audience.settled_at == audience.observe_at is not None


def test_a_ledger_that_cannot_be_written_is_tried_again_for_ever(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    run = sent_run()

    def broken(*args: Any, **kwargs: Any) -> Any:
        raise OSError("disk")

    with monkeypatch.context() as patched:
        patched.setattr(settle.ledger, "advance", broken)
        for _ in range(8):
            assert tasks.settle_run(run.pk) == RunState.SETTLING
            assert tasks.settle_run(run.pk) == "", "not before its time"
            make_due(run)

    assert drive(run).state == RunState.DONE
    assert Audience.objects.get().member_count == 30


def test_a_ledger_that_changed_under_the_run_is_never_overwritten(shop: Shop) -> None:
    run = sent_run()
    Audience.objects.update(ledger_version=77)

    assert tasks.settle_run(run.pk) == RunState.SETTLING

    assert Audience.objects.get().ledger_version == 77
    assert "final" not in Run.objects.get().counts


def test_two_workers_settle_once(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    run = sent_run()
    advance = settle.ledger.advance

    def while_another_tries(*args: Any, **kwargs: Any) -> Any:
        assert tasks.settle_run(run.pk) == ""
        return advance(*args, **kwargs)

    monkeypatch.setattr(settle.ledger, "advance", while_another_tries)

    assert drive(run).state == RunState.DONE
    assert Audience.objects.get().ledger_reserved == 1


def test_a_run_that_sent_nothing_keeps_the_ledger(shop: Shop) -> None:
    run = Run.objects.select_related("audience").get()
    tasks.prepare_run(run.pk)
    Batch.objects.update(state=BatchState.SKIPPED)
    Run.objects.update(state=RunState.SETTLING, ending="cancelled", reason="cancelled")

    assert drive(run).state == RunState.CANCELLED

    assert Audience.objects.get().ledger_version == 0


def test_pinterest_that_will_not_make_an_audience_does_not_hold_the_run_up(shop: Shop) -> None:
    shop.simulator.fault("unavailable", operation="audiences/create", when="before", times=None)
    shop.simulator.fault("unavailable", operation="audiences/list", when="before", times=None)

    run = drive_through(Run.objects.select_related("audience").get())

    assert run.state == RunState.DONE
    assert run.audience.audience_id == ""
    assert run.audience.observe_at is not None, "whoever observes it goes on trying"
