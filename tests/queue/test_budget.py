"""A task knows how long it may go on."""

import os

import pytest

from pinconnect.queue import stopping
from pinconnect.queue.budget import TimeBudget


def test_a_budget_runs_down_and_is_spent() -> None:
    now = 100.0
    budget = TimeBudget(20, clock=lambda: now)

    now = 115.0
    assert (budget.left, budget.is_spent) == (5.0, False)
    now = 121.0
    assert (budget.left, budget.is_spent) == (0.0, True)


def test_a_budget_is_spent_when_the_worker_is_being_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    read_end, write_end = os.pipe()
    monkeypatch.setattr(stopping, "_stop_pipe", read_end)
    budget = TimeBudget(1000)
    assert not budget.is_spent

    os.close(write_end)

    assert budget.is_spent
    assert budget.left == 0
    os.close(read_end)
