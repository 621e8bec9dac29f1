"""What happens at the same time as a statement of the engine: either may fail, and nothing goes on after that."""

import threading
import time

import pytest

from audiences.pipeline import lanes
from audiences.pipeline.plan import Cancelled
from audiences.pipeline.session import Session

# Takes minutes, if nobody stops it.
LONG = "SELECT sum(a.range * b.range) FROM range(400000) a, range(400000) b"


class SomeError(Exception):
    pass


@pytest.fixture
def session(tmp_path):
    with Session(tmp_path / "spill", threads=1) as found:
        yield found
    assert not [thread for thread in threading.enumerate() if thread.name.startswith(("duckdb", "aside", "lane"))]


def fail(after_s=0.0):
    time.sleep(after_s)
    raise SomeError


def test_both_results_come_back(session):
    assert session.run_beside("SELECT 1", lambda: 2, within=(0.0, 1.0)) == ([(1,)], 2)


@pytest.mark.parametrize("pause", [0, 0.05])
def test_a_statement_stops_when_what_is_beside_it_fails(session, pause):
    began = time.monotonic()

    with pytest.raises(SomeError):
        session.run_beside(LONG, lambda: fail(pause), within=(0.0, 1.0))

    assert time.monotonic() - began < 5
    assert session.run("SELECT 1") == [(1,)]


def test_a_statement_stops_at_once_when_a_run_is_cancelled(tmp_path):
    with Session(tmp_path / "spill", threads=1, cancelled=lambda: True) as session:
        began = time.monotonic()
        with pytest.raises(Cancelled):
            session.run(LONG)
        assert time.monotonic() - began < 5


def test_what_goes_on_aside_has_a_connection_of_its_own(session):
    session.run("CREATE TABLE shared AS SELECT 3 AS number")

    with lanes.aside(session, lambda lane: lane.value("FROM shared")) as found:
        session.run("CREATE TEMP TABLE mine AS SELECT 4")

    assert found.result() == 3


def test_a_failure_aside_stops_the_caller(session):
    began = time.monotonic()

    with pytest.raises(SomeError), lanes.aside(session, lambda lane: fail()):
        session.run(LONG)

    assert time.monotonic() - began < 5


def test_a_failure_of_the_caller_stops_what_goes_on_aside(session):
    began = time.monotonic()

    with pytest.raises(SomeError), lanes.aside(session, lambda lane: lane.run(LONG)):
        fail(0.05)

    assert time.monotonic() - began < 5


def test_waiting_for_what_goes_on_aside_can_be_cancelled(tmp_path):
    wishes = iter([False] * 3)
    with Session(tmp_path / "spill", threads=1, cancelled=lambda: next(wishes, True)) as session:
        began = time.monotonic()
        with pytest.raises(Cancelled), lanes.aside(session, lambda lane: lane.run(LONG)):
            pass
        assert time.monotonic() - began < 5
