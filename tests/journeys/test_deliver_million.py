"""A million dirty rows through real workers: the list is exactly what a slow reference says, whatever the mode.

PINCONNECT_ROWS=50000 makes it smaller for a quick look.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bench.prepare import generate
from tests.support import many, scripted
from tests.support.reference import Column, Expected, expect_of
from tests.support.stack import Stack, running_stack

pytestmark = pytest.mark.slow

ROWS = int(os.environ.get("PINCONNECT_ROWS", "1000000"))
COLUMNS = (Column("email", "email"), Column("phone", "phone", default_country="US"), Column("gaid", "gaid"))
MAPPED = tuple(scripted.mapped("email=email", "phone=phone", "gaid=gaid"))


@dataclass(frozen=True)
class World:
    """The stack, two files of which the later has 5% other people, and what the reference reads in them."""

    stack: Stack
    first: Path
    later: Path
    tuples: dict[Path, many.Tuples]

    def deliver(self, file: Path, mode: str) -> scripted.Done:
        scripted.forget_calls(self.stack)
        return scripted.deliver(self.stack, file, "--audience", "Big", "--country", "US", *MAPPED, "--mode", mode)

    def assert_right(self, done: scripted.Done, expected: Expected) -> None:
        """The list holds exactly whom it should, and every row is accounted for as the reference does."""
        assert done.status == 0, done.said
        found = scripted.members(self.stack, done.outcome["customer_list_id"])
        assert len(found ^ expected.members) == 0, f"{len(found - expected.members)} too many"
        assert done.outcome["members"] == len(expected.members)
        counts = {**expected.counts, "failed": 0}
        counts["sent"] = counts.pop("to_send")
        assert {name: done.outcome[name] for name in counts} == counts
        assert done.outcome["removed"] == len(expected.removes)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("million")
    first, later = folder / "first.csv", folder / "later.csv"
    # The reference asks libphonenumber about each way of writing a number, which takes it longer than all the rest.
    generate(first, ROWS, phones=ROWS // 50)
    generate(later, ROWS, churn=0.05, phones=ROWS // 50)
    tuples = many.read([first, later], COLUMNS)
    with running_stack(folder / "data") as stack:
        scripted.connect(stack)
        yield World(stack, first, later, tuples)


def test_the_list_is_exactly_what_the_reference_says(world: World) -> None:
    added = expect_of(world.tuples[world.first], "add")
    mirrored = expect_of(world.tuples[world.later], "mirror", added.members)
    assert min(len(mirrored.adds), len(mirrored.removes)) > ROWS / 50

    world.assert_right(world.deliver(world.first, "add"), added)
    world.assert_right(world.deliver(world.later, "mirror"), mirrored)
    again = world.deliver(world.later, "mirror").outcome

    assert not scripted.writing_calls(world.stack), "the same file again sent something"
    assert again["sent"] == again["failed"] == again["removed"] == 0
    assert again["already_there"] + again["duplicate"] + again["invalid"] == again["read"] == ROWS
    assert again["members"] == len(mirrored.members)


def test_the_file_is_as_dirty_as_real_lists_are(world: World) -> None:
    rows = world.tuples[world.first]

    assert len(rows) == ROWS
    assert len(set(rows)) < ROWS * 0.95, "too few duplicates"
    for place, column in enumerate(COLUMNS):
        assert sum(row[place] is None for row in rows) > ROWS / 12, f"{column.name} is too clean"
    with world.first.open() as text:
        written = [next(text) for _ in range(min(ROWS, 20_000))]
    assert any(row.startswith(("  user", '"  ')) for row in written)
    assert any(row.startswith("null,") for row in written)
    assert any(row != row.lower() for row in written)
