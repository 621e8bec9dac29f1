"""Chaos: everything goes wrong at random while deliveries of all modes run, and every list ends exactly right.

`make chaos SECONDS=600` does it for as long as one likes; CHAOS_SEED repeats a storm as far as chance allows.
"""

import os
import random
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.chaos.disasters import Disasters
from tests.chaos.shelves import make_shelves
from tests.chaos.storm import Storm, operator
from tests.support import scripted
from tests.support.stack import running_stack

pytestmark = pytest.mark.slow

SECONDS = float(os.environ.get("CHAOS_SECONDS") or 20)
SEED = int(os.environ.get("CHAOS_SEED") or time.time())
# Small batches, so that a run is many calls.
SETTINGS = {"DJANGO_SETTINGS_MODULE": "tests.chaos.settings", "BATCH_RECORDS": "60", "LOG_LEVEL": "DEBUG"}
HEX = re.compile(r"[0-9a-fA-F]{64}")
CALM_WITHIN_S = 300.0


@pytest.fixture(scope="module")
def storm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storm]:
    """A storm that is over: the tests look at what it left."""
    folder = tmp_path_factory.mktemp("chaos")
    luck = random.Random(SEED)
    print(f"CHAOS_SEED={SEED} CHAOS_SECONDS={SECONDS:.0f} in {folder}")  # noqa: T201 -- to repeat it
    with running_stack(folder / "data", SETTINGS) as stack:
        scripted.control(stack, "settings", {"tier": "off", "ready_delay_s": 1})
        scripted.connect(stack)
        with operator(stack) as asked:
            disasters = Disasters(stack, luck, lambda: asked.ask("leases"))
            raging = Storm(stack, asked, make_shelves(SEED), luck, disasters)
            raging.rage(SECONDS)
            began = time.monotonic()
            raging.calm(CALM_WITHIN_S)
            struck = dict(sorted(disasters.struck.items()))
            print(f"{raging.checked} runs compared, calm after {time.monotonic() - began:.0f} s; {struck}")  # noqa: T201
            yield raging


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


def test_every_row_of_every_run_is_accounted_for(storm: Storm) -> None:
    finals = [
        run["counts"]["final"]["rows"] for run in storm.operator.ask("report")["runs"] if "final" in run["counts"]
    ]

    assert len(finals) >= len(storm.shelves)
    assert all(sum(rows.values()) == 2 * rows["read"] and min(rows.values()) >= 0 for rows in finals)


def test_something_went_wrong(storm: Storm) -> None:
    kinds = set(storm.disasters.struck)

    assert len(kinds) >= 6, kinds
    assert any(kind.startswith("kill") for kind in kinds)


def test_no_token_and_no_identifier_is_in_any_log_or_table(storm: Storm) -> None:
    places = {path.name: path.read_text(errors="replace") for path in storm.stack.data_dir.glob("*.log")}
    places |= _tables(storm.stack.data_dir / "pinconnect.sqlite3")
    digests = {digest for shelf in storm.shelves for _, digest in shelf.ever}
    assert len(places["up.log"]) > 1_000
    assert len(storm.tokens) >= 2
    assert len(digests) > 1_000

    for name, text in places.items():
        folded = text.lower()
        assert not {found.lower() for found in HEX.findall(text)} & digests, f"a hashed identifier in {name}"
        assert not [token for token in storm.tokens if token in text], f"a token in {name}"
        assert "@chaos.example" not in folded, f"an e-mail in {name}"
        assert not [value for value in storm.plain if value in folded], f"an identifier in {name}"


def _tables(path: Path) -> dict[str, str]:
    """All that the database holds, as text, table by table."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {f"table {name}": "\n".join(map(str, database.execute(f'SELECT * FROM "{name}"'))) for name in names}
