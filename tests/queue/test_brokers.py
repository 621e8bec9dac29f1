"""Each broker hands out a canary of this host now and then, and tells the watchdog that its guard lives."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django_q.brokers import get_broker
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from pinconnect.queue import hints, reports
from pinconnect.queue.brokers.database import DatabaseBroker
from pinconnect.queue.brokers.sqs import queue_name

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The end of the pipe at which a supervisor listens."""
    read_end, write_end = os.pipe()
    os.set_blocking(read_end, False)
    monkeypatch.setattr(reports, "_pipe", None)
    reports.send_to(write_end)
    yield read_end
    os.close(read_end)
    os.close(write_end)


def broker() -> DatabaseBroker:
    made = get_broker(hints.queue_name("short"))
    assert isinstance(made, DatabaseBroker)
    return made


@pytest.mark.usefixtures("heard")
def test_a_canary_comes_first_and_then_what_the_queue_holds() -> None:
    ours = broker()
    ours.enqueue("a message")

    first, second = ours.dequeue(), ours.dequeue()

    assert first
    assert second
    assert (first[0][0], SignedPackage.loads(first[0][1])["func"]) == (None, reports.CANARY)
    assert second[0][1] == "a message"


@pytest.mark.usefixtures("heard")
def test_the_next_canary_comes_after_its_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = broker()
    monkeypatch.setattr(ours, "canary_every_s", 0.0)

    tasks = [ours.dequeue(), ours.dequeue()]

    assert [SignedPackage.loads(task[0][1])["func"] for task in tasks if task] == [reports.CANARY] * 2


def test_without_a_supervisor_there_are_no_canaries() -> None:
    OrmQ.objects.all().delete()

    assert not broker().dequeue()


def test_the_guard_is_heard_and_nothing_is_written(heard: int, django_assert_num_queries: object) -> None:
    assert callable(django_assert_num_queries)
    with django_assert_num_queries(0):
        broker().set_stat("key", "value", 3)

    assert os.read(heard, 100) == b"guard\n"


def test_a_supervisor_that_does_not_listen_holds_nobody_up(heard: int) -> None:
    for _ in range(20_000):
        reports.report("guard")

    assert os.read(heard, 6) == b"guard\n"


def test_an_empty_queue_is_found_empty_in_one_statement(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    naps: list[float] = []
    monkeypatch.setattr("pinconnect.queue.brokers.database.sleep", naps.append)
    ours = broker()

    with django_assert_num_queries(1):
        assert ours.dequeue() is None

    assert len(naps) == 1
    ours.enqueue("a message")
    assert (ours.dequeue() or [])[0][1] == "a message"
    assert ours.dequeue() is None, "it is locked now"


def test_queues_of_sqs_carry_the_name_of_the_site() -> None:
    assert (queue_name("pinconnect"), queue_name("prepare")) == ("pinconnect", "pinconnect-prepare")
