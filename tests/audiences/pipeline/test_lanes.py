"""Statements beside each other: results and turns in order, failures and cancelling that leave nothing running."""

import threading
import time

import pytest

from audiences.pipeline import lanes
from audiences.pipeline.plan import Cancelled, MemoryShort, PipelineError
from audiences.pipeline.session import Session


@pytest.fixture
def session(tmp_path):
    with Session(tmp_path / "spill", memory_limit_mb=100, threads=2) as running:
        yield running


def test_results_come_in_the_order_of_the_items(session):
    def work(lane, item):
        time.sleep(0.02 * (item % 3))
        return lane.value(f"SELECT {item} * 2")

    assert lanes.each(session, work, range(12), lanes=3) == [item * 2 for item in range(12)]


def test_turns_are_taken_in_order_also_when_some_items_need_none(session):
    taken = []

    def work(lane, item):
        time.sleep(0.01 * (7 - item))
        if item % 3:
            with lane.in_turn():
                taken.append(item)

    lanes.each(session, work, range(8), lanes=4)

    assert taken == [1, 2, 4, 5, 7]


def test_each_lane_has_temporary_tables_of_its_own(session):
    def work(lane, item):
        lane.run(f"CREATE OR REPLACE TEMP TABLE d AS SELECT {item} AS n")
        time.sleep(0.02)
        return lane.value("SELECT n FROM d")

    assert lanes.each(session, work, range(8), lanes=4) == list(range(8))
    with pytest.raises(PipelineError):
        session.run("SELECT * FROM d")


def test_the_first_failure_is_raised_and_whoever_waits_for_a_turn_stops(session):
    def work(lane, item):
        if item == 0:
            time.sleep(0.1)
            raise MemoryShort("No memory.")
        with lane.in_turn():
            return item

    with pytest.raises(MemoryShort):
        lanes.each(session, work, range(6), lanes=3)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("lane")]
    assert session.value("SELECT 1") == 1


def test_a_failure_in_the_middle_of_a_turn_lets_nobody_else_in(session):
    done = []

    def work(lane, item):
        with lane.in_turn():
            if item == 2:
                raise MemoryShort("No memory.")
            done.append(item)

    with pytest.raises(MemoryShort):
        lanes.each(session, work, range(6), lanes=3)
    assert done == [0, 1]


def test_cancelling_stops_statements_that_are_under_way(tmp_path):
    began = time.monotonic()
    is_cancelled = threading.Event()
    with Session(tmp_path / "spill", threads=2, cancelled=is_cancelled.is_set) as session:
        threading.Timer(0.3, is_cancelled.set).start()
        with pytest.raises(Cancelled):
            lanes.each(
                session,
                lambda lane, _: [
                    lane.run("SELECT count(*) FROM range(100000000000) a WHERE a.range % 7 = 8") for _ in range(3)
                ],
                range(4),
                lanes=2,
            )
    assert time.monotonic() - began < 20


def test_large_partitions_and_a_single_one_keep_to_one_lane(session):
    assert lanes.how_many(session, 1_000_000, 16) == 2
    assert lanes.how_many(session, 3_000_000, 16) == 1, "too many for the little memory there is"
    assert lanes.how_many(session, 50_000_000, 16) == 1
    assert lanes.how_many(session, 1_000, 1) == 1
