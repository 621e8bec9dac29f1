"""Services that go away in the middle: the database and the broker, cut off and started again, and a full disk."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests

from tests.chaos.disk import keep_elsewhere, own_disk
from tests.chaos.storm import Operator, operator
from tests.support import processes, scripted, services
from tests.support.stack import Stack, running_stack

pytestmark = [pytest.mark.services, pytest.mark.slow]
SETTINGS = {"DJANGO_SETTINGS_MODULE": "tests.chaos.settings", "BATCH_RECORDS": "2000", "ENGINE_THREADS": "1"}
SENT_ROWS, PREPARED_ROWS = 60_000, 400_000
BATCHES = SENT_ROWS / 2_000
WITHIN_S = 240.0
# Slow enough that nothing is over before it is cut off, however crowded the machine is.
SLOW = {"kind": "slow", "operation": "customer_lists/update", "seconds": 4.0, "times": None}


class Ground:
    """A running installation, somebody at its controls, and the files that it delivers."""

    def __init__(self, stack: Stack, asked: Operator, database: services.Server) -> None:
        self.stack, self.asked, self.database = stack, asked, database
        self.expected: dict[str, set[scripted.Member]] = {}

    def start(self, name: str, size: int) -> None:
        emails = [f"{name}.{number}@outage.example" for number in range(size)]
        self.expected[name] = {("email", hashlib.sha256(email.encode()).hexdigest()) for email in emails}
        file = self.stack.data_dir.parent / f"{name}.csv"
        file.write_text("\n".join(["email", *emails]), encoding="utf-8")
        # Whoever asks may still have a connection from before the last outage.
        self.asked.insist("report")
        self.asked.ask("start", name=name, mode="mirror", file=str(file), mapped=["email=email"], country="")

    def query(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database.url) as connection:
            return connection.execute(sql, parameters).fetchall()

    def run(self, name: str) -> tuple[str, str, int, Any]:
        """State, reason, the attempt whose files count, and progress of the last run."""
        sql = (
            "SELECT r.state, r.reason, r.files_attempt, r.progress FROM audiences_run r JOIN audiences_audience a "
            "ON a.id = r.audience_id WHERE a.name = %s ORDER BY r.id DESC LIMIT 1"
        )
        return self.query(sql, name)[0]  # type: ignore[return-value]

    def sent(self, name: str) -> int:
        sql = (
            "SELECT count(*) FROM audiences_batch b JOIN audiences_run r ON r.id = b.run_id JOIN audiences_audience a "
            "ON a.id = r.audience_id WHERE a.name = %s AND b.state = 'sent'"
        )
        return int(self.query(sql, name)[0][0])

    def assert_right(self, *names: str) -> None:
        """They end by themselves, and the lists are exact."""
        ends = dict.fromkeys(names, ("done", ""))
        assert processes.wait_until(lambda: {name: self.run(name)[:2] for name in names} == ends, WITHIN_S), {
            name: self.run(name) for name in names
        }
        lists = self.asked.insist("report")["lists"]
        for name in names:
            assert scripted.members(self.stack, lists[name]) == self.expected[name]
        assert self.asked.insist("report")["open_batches"] == 0


@pytest.fixture(scope="module")
def broker() -> Iterator[services.Server]:
    with services.redis() as server:
        yield server


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory, broker: services.Server) -> Iterator[Ground]:
    folder = tmp_path_factory.mktemp("outages")
    with services.postgres(with_tables=True) as database:
        settings = {**SETTINGS, "DATABASE_URL": database.url, "QUEUE_BROKER": "redis", "REDIS_URL": broker.url}
        with running_stack(folder / "data", settings) as stack:
            scripted.connect(stack)
            scripted.control(stack, "settings", {"tier": "off", "ready_delay_s": 1})
            scripted.control(stack, "faults", SLOW)
            with operator(stack) as asked:
                yield Ground(stack, asked, database)


def test_a_database_that_is_cut_off_costs_neither_what_was_sent_nor_what_was_prepared(ground: Ground) -> None:
    ground.start("sending", SENT_ROWS)
    assert processes.wait_until(lambda: ground.sent("sending") >= 3, 120), ground.run("sending")
    ground.start("preparing", PREPARED_ROWS)
    assert processes.wait_until(lambda: "step" in ground.run("preparing")[3], 120), ground.run("preparing")
    was_preparing = ground.run("preparing")[0] == "preparing"

    ground.database.restart(down_s=3.0)

    assert ground.sent("sending") < BATCHES, "everything had been sent before"
    scripted.control(ground.stack, "faults", method="DELETE")
    ground.assert_right("sending", "preparing")
    assert not was_preparing or ground.run("preparing")[2] == 1, "it was prepared twice"


def test_a_broker_that_forgets_everything_is_no_loss(ground: Ground, broker: services.Server) -> None:
    scripted.control(ground.stack, "faults", SLOW)
    ground.start("forgotten", SENT_ROWS)
    assert processes.wait_until(lambda: ground.sent("forgotten") >= 3, 120), ground.run("forgotten")

    broker.restart(down_s=2.0)

    assert ground.sent("forgotten") < BATCHES, "everything had been sent before"
    scripted.control(ground.stack, "faults", method="DELETE")
    ground.assert_right("forgotten")


def test_the_pages_say_that_the_database_is_away_and_come_back_with_it(ground: Ground) -> None:
    ready = f"{ground.stack.url}/readyz"
    assert requests.get(ready, timeout=30).status_code == 200

    ground.database.stop()
    away = requests.get(ready, timeout=30)
    alive = requests.get(f"{ground.stack.url}/healthz", timeout=30)
    ground.database.start()

    assert (away.status_code, away.json()["checks"]["database"]) == (503, "failed")
    assert alive.status_code == 200
    assert processes.wait_until(lambda: requests.get(ready, timeout=30).status_code == 200, 30)


def test_a_full_disk_below_the_database_stops_the_run_until_there_is_room(tmp_path: Path) -> None:
    with own_disk() as disk:
        if disk is None:
            pytest.skip("this machine does not let us mount a disk")
        # What is said about the full disk has to find room.
        keep_elsewhere(disk.folder / "data", tmp_path, "up.log")
        with running_stack(disk.folder / "data", SETTINGS) as stack, operator(stack) as asked:
            scripted.connect(stack)
            scripted.control(stack, "settings", {"tier": "off", "ready_delay_s": 1})
            scripted.control(stack, "faults", SLOW)
            emails = [f"full.{number}@outage.example" for number in range(SENT_ROWS)]
            (tmp_path / "full.csv").write_text("\n".join(["email", *emails]), encoding="utf-8")
            file = str(tmp_path / "full.csv")
            asked.ask("start", name="full", mode="mirror", file=file, mapped=["email=email"], country="")
            sent = "SELECT count(*) FROM audiences_batch WHERE state = 'sent'"
            assert processes.wait_until(lambda: scripted.query(stack, sent)[0][0] >= 3, 120)

            disk.fill()
            try:
                said = processes.wait_until(lambda: "disk is full" in stack.log or "disk I/O" in stack.log, 60)
                assert said, stack.log
            finally:
                disk.empty()

            scripted.control(stack, "faults", method="DELETE")
            state = "SELECT state, reason FROM audiences_run"
            assert processes.wait_until(lambda: scripted.query(stack, state) == [("done", "")], WITHIN_S)
            list_id = asked.insist("report")["lists"]["full"]
            expected = {("email", hashlib.sha256(email.encode()).hexdigest()) for email in emails}
            assert scripted.members(stack, list_id) == expected
