"""The line above a run that is being sent: how much, how many calls, how fast, how long yet."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from audiences import tasks
from audiences.models import Run
from audiences.pipeline import upload
from audiences.reports import run as report
from audiences.states import RunState
from tests.audiences.views.conftest import Pages
from tests.factories_audiences import drive_through

MANY = "100 of 300 records · 1 of 3 calls"


@pytest.fixture(autouse=True)
def _three_batches(settings: Any) -> None:
    """Comes before the shop is made, whose run pins the size of its batches."""
    settings.BATCH_RECORDS = 100


@pytest.fixture
def half_way(pages: Pages) -> Run:
    """The first of three batches is sent, and nobody goes on."""
    run = Run.objects.get()
    tasks.prepare_run(run.pk)
    upload.pump(run.pk, budget_s=0)
    run.refresh_from_db()
    assert run.state == RunState.UPLOADING
    return run


def text_after(pages: Pages, run: Run, monkeypatch: pytest.MonkeyPatch, **passed: float) -> str:
    """The run's page some time after its first call."""
    assert run.upload_started_at
    now = run.upload_started_at + timedelta(**passed)
    monkeypatch.setattr(report, "timezone", SimpleNamespace(now=lambda: now))
    return pages.get(f"runs/{run.pk}/").content.decode()


@pytest.mark.parametrize(
    ("passed", "expected"),
    [
        ({"seconds": 10}, "10 a second · 20 s left"),
        ({"seconds": 100}, "1 a second · 3 min 20 s left"),
        ({"seconds": 2.5}, "40 a second · 5 s left"),
    ],
)
def test_records_calls_rate_and_time_left(
    pages: Pages, half_way: Run, monkeypatch: pytest.MonkeyPatch, passed: dict[str, float], expected: str
) -> None:
    text = text_after(pages, half_way, monkeypatch, **passed)

    assert f">{MANY} · {expected}<" in text
    assert f'<progress aria-label="Uploading" value="{1 / 3}" max="1">' in text


def test_rate_of_the_first_seconds_is_not_shown(pages: Pages, half_way: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    text = text_after(pages, half_way, monkeypatch, seconds=1)

    assert f">{MANY}<" in text


def test_run_that_waits_has_no_time_left(pages: Pages, half_way: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    Run.objects.update(reason="rate_limited")
    half_way.refresh_from_db()

    text = text_after(pages, half_way, monkeypatch, seconds=10)

    assert f">{MANY}<" in text
    assert " a second" not in text


def test_nothing_sent_yet_has_no_rate(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run.objects.get()
    tasks.prepare_run(run.pk)
    run.refresh_from_db()
    Run.objects.update(upload_started_at=run.created_at)
    run.refresh_from_db()

    text = text_after(pages, run, monkeypatch, seconds=10)

    assert ">0 of 300 records · 0 of 3 calls<" in text


def test_second_call_moves_it_and_the_end_takes_it_away(
    pages: Pages, half_way: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload.pump(half_way.pk, budget_s=0)

    assert "200 of 300 records · 2 of 3 calls · 20 a second · 5 s left" in text_after(
        pages, half_way, monkeypatch, seconds=10
    )

    monkeypatch.undo()
    drive_through(half_way)
    text = pages.get(f"runs/{half_way.pk}/").content.decode()

    assert "of 3 calls" not in text
    assert "<progress" not in text
