"""kill -9 of all workers while one run is prepared and another half-way sent: both go on by themselves and end right.

The next workers give back the leases of the killed, so nobody waits until they have run out.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.prepare import generate
from tests.support import many, processes, scripted
from tests.support.reference import Column, expect_of
from tests.support.stack import Stack, running_stack

pytestmark = pytest.mark.slow

COLUMNS = (Column("email", "email"), Column("phone", "phone", default_country="US"), Column("gaid", "gaid"))
MAPPED = ("--country", "US", *scripted.mapped("email=email", "phone=phone", "gaid=gaid"))
SENT_ROWS, PREPARED_ROWS = 60_000, 300_000
# The time to send what is left, and a crowded machine.
WITHIN_S = 240.0


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("kill") / "data") as started:
        scripted.connect(started)
        yield started


def start(stack: Stack, file: Path, audience: str) -> scripted.Command:
    return scripted.start_deliver(stack, file, "--audience", audience, *MAPPED)


def state(stack: Stack, audience: str) -> str:
    """Of the audience's only run."""
    sql = "SELECT r.state FROM audiences_run r JOIN audiences_audience a ON a.id = r.audience_id WHERE a.name = ?"
    found = scripted.query(stack, sql, audience)
    return str(found[0][0]) if found else ""


def batches(stack: Stack) -> dict[str, int]:
    return dict(scripted.query(stack, "SELECT state, count(*) FROM audiences_batch GROUP BY state"))  # type: ignore[arg-type]


def list_of(stack: Stack, audience: str) -> str:
    return str(scripted.query(stack, "SELECT customer_list_id FROM audiences_audience WHERE name = ?", audience)[0][0])


def is_half_way(stack: Stack) -> bool:
    found = batches(stack)
    is_preparing = state(stack, "Prepared") == "preparing" and preparation_has_begun(stack)
    return is_preparing and found.get("sent", 0) >= 2 and found.get("sending", 0) >= 1 and found.get("pending", 0) >= 2


def preparation_has_begun(stack: Stack) -> bool:
    sql = "SELECT r.progress FROM audiences_run r JOIN audiences_audience a ON a.id = r.audience_id WHERE a.name = ?"
    return "step" in (scripted.query(stack, sql, "Prepared")[0][0] or "")


def test_runs_go_on_by_themselves_after_all_workers_were_killed(stack: Stack, tmp_path: Path) -> None:
    files = {"Sent": tmp_path / "sent.csv", "Prepared": tmp_path / "prepared.csv"}
    generate(files["Sent"], SENT_ROWS, seed=2)
    generate(files["Prepared"], PREPARED_ROWS, seed=3)
    scripted.control(stack, "faults", {"kind": "slow", "seconds": 1.5, "times": None, "path": "*/customer_lists/*"})
    commands = [start(stack, files["Sent"], "Sent")]
    assert processes.wait_until(lambda: state(stack, "Sent") == "uploading", 90), stack.log
    commands.append(start(stack, files["Prepared"], "Prepared"))
    assert processes.wait_until(lambda: is_half_way(stack), 60), (state(stack, "Prepared"), batches(stack))

    for command in commands:
        command.kill()
    stack.kill_worker()

    scripted.control(stack, "faults", method="DELETE")
    left = batches(stack)
    assert left.get("pending", 0) >= 2, "everything was sent before the kill"
    assert processes.wait_until(lambda: {state(stack, name) for name in files} == {"done"}, WITHIN_S), stack.log[-5000:]
    assert "run of killed processes" in stack.log, "whoever came next waited for the leases of the killed"
    tuples = many.read(list(files.values()), COLUMNS)
    for name, file in files.items():
        expected = expect_of(tuples[file], "mirror")
        assert scripted.members(stack, list_of(stack, name)) == expected.members
    attempts = scripted.query(stack, "SELECT max(files_attempt) FROM audiences_run")
    assert attempts[0][0] >= 2, "the preparation was not cut off"


def test_the_same_file_again_sends_nothing_after_that(stack: Stack, tmp_path: Path) -> None:
    generate(tmp_path / "sent.csv", SENT_ROWS, seed=2)
    scripted.forget_calls(stack)

    again = scripted.deliver(stack, tmp_path / "sent.csv", "--audience", "Sent", *MAPPED)

    assert again.status == 0, again.said
    assert again.outcome["sent"] == again.outcome["removed"] == 0
    assert not scripted.writing_calls(stack)
