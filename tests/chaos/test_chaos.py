"""Chaos: everything goes wrong at random while deliveries of all modes run, and every list ends exactly right.

Once on SQLite, and once on PostgreSQL and Redis, which are restarted meanwhile. `make chaos SECONDS=600` does it for as
long as one likes (ON=postgres or ON=sqlite for one of them); CHAOS_SEED repeats a storm as far as chance allows.
"""

import os
import random
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.chaos import clock as clock_file
from tests.chaos.clock import Clock
from tests.chaos.disasters import KINDS, Disasters
from tests.chaos.disk import keep_elsewhere, own_disk
from tests.chaos.grounds import GROUNDS, Ground
from tests.chaos.second_worker import SecondWorker
from tests.chaos.shelves import make_shelves
from tests.chaos.storm import Storm, operator
from tests.support import scripted
from tests.support.stack import running_stack

pytestmark = pytest.mark.slow

SECONDS = float(os.environ.get("CHAOS_SECONDS") or 15)
ON = (os.environ.get("CHAOS_ON") or "sqlite postgres").split()
SEED = int(os.environ.get("CHAOS_SEED") or time.time())
# Small batches and files, so that a run is many calls, and so little patience that some are given up.
SETTINGS = {
    "DJANGO_SETTINGS_MODULE": "tests.chaos.settings",
    "BATCH_RECORDS": "60",
    "LOG_LEVEL": "DEBUG",
    "CHAOS_READ_TIMEOUT_S": "3",
    "CHAOS_FILE_RECORDS": "100",
}
HEX = re.compile(r"[0-9a-fA-F]{64}")
WAVE_S, CALM_WITHIN_S = 20.0, 300.0
ENOUGH_WAVES = 4


@dataclass(frozen=True)
class Over:
    """A storm that is over."""

    storm: Storm
    ground: Ground


@pytest.fixture(
    scope="module", params=[pytest.param(name, marks=pytest.mark.services if name == "postgres" else ()) for name in ON]
)
def over(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Over]:
    """The tests look at what a storm has left."""
    folder = tmp_path_factory.mktemp(f"chaos-{request.param}")
    luck = random.Random(SEED)
    print(f"CHAOS_SEED={SEED} CHAOS_SECONDS={SECONDS:.0f} on {request.param} in {folder}")  # noqa: T201 -- to repeat it
    with own_disk() as disk:
        data_dir = (disk.folder if disk else folder) / "data"
        # What Pinterest keeps is on its own disk, and what is said about a full one has to find room.
        keep_elsewhere(data_dir, folder, "simulator/", "up.log", "operator.log", "second.log")
        clock = Clock(folder / "clock")
        settings = {**SETTINGS, clock_file.FILE: str(clock.path)}
        with (
            GROUNDS[request.param](data_dir) as ground,
            running_stack(data_dir, {**settings, **ground.settings}) as stack,
        ):
            outages = {**ground.outages, "set clock": lambda: clock.step(luck)}
            if disk:
                outages["fill disk"] = lambda: disk.be_full(luck.uniform(0.5, 2.0))
            scripted.connect(stack)
            with operator(stack) as asked:
                disasters = Disasters(stack, luck, outages)
                storm = Storm(stack, folder, asked, SecondWorker(stack), make_shelves(SEED), luck, disasters)
                _let_pass(storm)
                yield Over(storm, ground)


def _let_pass(storm: Storm) -> None:
    """Rage and calm."""
    files = {"bulk_upload": True, "min_part_bytes": 2_000, "upload_delay_s": 1}
    scripted.control(storm.stack, "settings", {"tier": "off", "ready_delay_s": 1, **files})
    raged = calmed = 0.0
    waves = 0
    # On a crowded machine little goes wrong in one wave, as there are few calls.
    while raged < SECONDS or (waves < ENOUGH_WAVES and not storm.is_enough):
        began = time.monotonic()
        storm.rage(min(WAVE_S, SECONDS))
        over = time.monotonic()
        storm.calm(CALM_WITHIN_S)
        raged, calmed, waves = raged + over - began, calmed + time.monotonic() - over, waves + 1
    passed = f"{waves} waves, {raged:.0f} s, and calm after each, {calmed:.0f} s"
    struck = dict(sorted(storm.disasters.struck.items()))
    print(f"{storm.checked} runs compared; {passed}; {struck}; never met: {KINDS - storm.disasters.met()}")  # noqa: T201 -- a report


@pytest.fixture
def storm(over: Over) -> Storm:
    return over.storm


def test_every_list_is_what_the_reference_says(storm: Storm) -> None:
    lists = storm.operator.ask("report")["lists"]

    assert len(lists) == len(storm.shelves)
    for shelf in storm.shelves:
        assert shelf.done >= 1, f"{shelf.name} never got to its end"
        # Taking people out may leave nobody, where a short storm ends with it.
        assert shelf.members or "remove" in shelf.modes
        assert scripted.members(storm.stack, lists[shelf.name]) == shelf.members
    assert len(set(lists.values())) == len(lists)


def test_nothing_is_stuck(storm: Storm) -> None:
    report = storm.operator.ask("report")

    assert {run["state"] for run in report["runs"]} <= {"done", "failed", "cancelled"}
    assert report["open_batches"] == 0
    assert all(report["audiences"].values()), "a list never became an audience"
    assert {name: len(shelf.members) for name, shelf in ((s.name, s) for s in storm.shelves)} == report["members"]


def test_whoever_was_erased_is_on_no_list(storm: Storm) -> None:
    report, erased = storm.operator.ask("report"), set().union(*(shelf.erased for shelf in storm.shelves))

    assert erased
    assert report["erasures"] == 0, "a list has not acknowledged it"
    for list_id in report["lists"].values():
        assert not scripted.members(storm.stack, list_id) & erased


def test_every_row_of_every_run_is_accounted_for(storm: Storm) -> None:
    finals = [
        run["counts"]["final"]["rows"] for run in storm.operator.ask("report")["runs"] if "final" in run["counts"]
    ]

    assert len(finals) >= len(storm.shelves)
    assert all(sum(rows.values()) == 2 * rows["read"] and min(rows.values()) >= 0 for rows in finals)


def test_something_of_everything_went_wrong(storm: Storm) -> None:
    never = KINDS - storm.disasters.met()
    assert storm.disasters.is_enough, (storm.disasters.struck, never)
    assert storm.second.has_worked, storm.second.log
    assert storm.operator.ask("report")["files"] > 0


def test_no_token_and_no_identifier_is_in_any_log_or_table(over: Over) -> None:
    storm = over.storm
    places = {path.name: path.read_text(errors="replace") for path in storm.stack.data_dir.glob("*.log")}
    tables = over.ground.tables()
    places |= {f"table {name}": text for name, text in tables.items()} | over.ground.logs()
    assert len(tables["audiences_batch"]) > 1_000
    digests = {digest for shelf in storm.shelves for _, digest in shelf.ever}
    assert len(places["up.log"]) > 1_000
    assert len(storm.tokens) >= 2
    assert len(digests) > 1_000
    assert places["table audiences_call"].count("\n") > 50, "the recorded calls were looked through too"

    for name, text in places.items():
        folded = text.lower()
        assert not {found.lower() for found in HEX.findall(text)} & digests, f"a hashed identifier in {name}"
        assert not [token for token in storm.tokens if token in text], f"a token in {name}"
        assert "@chaos.example" not in folded, f"an e-mail in {name}"
        assert not [value for value in storm.plain if value in folded], f"an identifier in {name}"
