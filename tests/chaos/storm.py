"""Deliveries that go on while everything goes wrong, and the calm after it in which all of them must end right."""

import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from tests.chaos.disasters import Disasters
from tests.chaos.second_worker import SecondWorker
from tests.chaos.shelves import COUNTRY, EMAIL, Intent, Shelf
from tests.support import scripted
from tests.support.installation import ROOT
from tests.support.stack import Stack

FINISHED = ("done", "failed", "cancelled")


class RefusedError(Exception):
    """The product said in words that this is not possible now."""


class LostError(Exception):
    """The database went away while it was done; nobody knows how far that got."""


@dataclass
class Operator:
    """The process of tests.chaos.operator."""

    process: subprocess.Popen[str]

    def ask(self, do: str, **arguments: Any) -> Any:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if "lost" in answer:
            raise LostError(do)
        if "refused" in answer:
            raise RefusedError(answer["refused"])
        assert "is" in answer, f"{do}: {answer['failed']}"
        return answer["is"]

    def insist(self, do: str, within_s: float = 60.0, **arguments: Any) -> Any:
        """Ask for what may be repeated until the database has answered."""
        end = time.monotonic() + within_s
        while True:
            try:
                return self.ask(do, **arguments)
            except LostError:
                assert time.monotonic() < end, f"the database does not come back: {do}"
                time.sleep(0.3)


@contextmanager
def operator(stack: Stack) -> Iterator[Operator]:
    """Sitting at the installation; what it logs goes to operator.log in the data folder."""
    with (stack.data_dir / "operator.log").open("a") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.operator"],
            cwd=ROOT,
            env=stack.installation.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        yield Operator(process)
    finally:
        process.kill()
        process.wait()


@dataclass
class Storm:
    """The whole of it. folder: for the files to deliver. plain: values that must be seen nowhere; tokens: the same."""

    stack: Stack
    folder: Path
    operator: Operator
    second: SecondWorker
    shelves: list[Shelf]
    luck: random.Random
    disasters: Disasters
    plain: set[str] = field(default_factory=set)
    tokens: set[str] = field(default_factory=set)
    checked: int = 0
    _deleted: set[str] = field(default_factory=set)
    _erasures: int = 0

    def rage(self, seconds: float) -> None:
        """Deliver and destroy for so long; on a crowded machine longer, until enough has happened."""
        began, tended = time.monotonic(), 0.0
        while (lasted := time.monotonic() - began) < seconds or (lasted < 4 * seconds and not self.is_enough):
            self.disasters.strike()
            if time.monotonic() - tended > 2.0:
                tended = time.monotonic()
                self.tend(rages=True)
            time.sleep(self.luck.uniform(0.1, 0.6))

    @property
    def is_enough(self) -> bool:
        """Whether enough has gone wrong for a storm to tell anything."""
        return self.disasters.is_enough and self.second.has_worked

    def calm(self, within_s: float) -> None:
        """Nothing goes wrong any more: everything that was asked for has to happen, then one more change of each."""
        self.disasters.kill_workers()
        self._clear_faults()
        for _ in range(2):
            end = time.monotonic() + within_s
            while self._erasures or any(shelf.intent for shelf in self.shelves):
                assert time.monotonic() < end, f"stuck: {self._open()}"
                self.tend(asks=False)
                # Looking costs the processors that the deliveries need.
                time.sleep(0.8)
            if _ == 0:
                self.tend()

    def tend(self, *, asks: bool = True, rages: bool = False) -> None:
        """What people do meanwhile: look after what needs them, repeat what failed, ask for the next change."""
        self.second.keep_up()
        # Whoever reconnects while Pinterest is down is told so, and tries again a moment later.
        with suppress(RefusedError):
            self.operator.insist("look_after")
        self.operator.insist("hurry")
        report = self.operator.insist("report")
        self.tokens |= set(report["tokens"])
        self._note_erasures(report["erasures"])
        if rages:
            self._delete_a_list(report["lists"])
            self._erase()
        runs = {run["id"]: run for run in report["runs"]}
        for shelf in self.shelves:
            if shelf.intent is None:
                if asks:
                    self._ask(shelf, spoils=rages)
                continue
            run = runs.get(shelf.intent.run)
            if run is None or run["state"] in FINISHED:
                self._finish(shelf, run, report["lists"])
            elif rages and self.luck.random() < 0.02:
                self.operator.insist("cancel", run=run["id"])

    def _delete_a_list(self, lists: dict[str, str]) -> None:
        """Of a mirror, whose new list has to hold what the old one did whatever came between."""
        mirrors = [lists.get(shelf.name, "") for shelf in self.shelves if shelf.modes == ("mirror",)]
        for list_id in set(filter(None, mirrors)) - self._deleted:
            is_wanted = not self._deleted or self.luck.random() < 0.1
            if is_wanted and self.disasters.delete_list(list_id):
                self._deleted.add(list_id)

    def _erase(self) -> None:
        """People ask to be forgotten: once early, then now and then.

        Of one identifier each: a row of several is held back as a whole, by a run that begins after they asked.
        """
        for shelf in (shelf for shelf in self.shelves if shelf.columns == (EMAIL,)):
            is_wanted = not shelf.erased or self.luck.random() < 0.05
            if is_wanted and len(shelf.addresses) > 5:
                self._erasures += 1
                self.operator.insist("erase", digests=shelf.erase(2))
                self.disasters.note("erase")

    def _note_erasures(self, number: int) -> None:
        """What was asked for after the last one was acknowledged has exact counts again."""
        self._erasures = number
        for shelf in self.shelves:
            shelf.is_erasing &= bool(number or shelf.intent)

    def _ask(self, shelf: Shelf, *, spoils: bool) -> None:
        intent = shelf.think_of()
        digests = sorted(digest for _, digest in intent.expected.members)
        if spoils and len(digests) > 1 and self.luck.random() < 0.3:
            self.disasters.spoil(self.luck.sample(digests, 2))
        self.plain |= shelf.identifiers()
        self._start(shelf, intent)

    def _finish(self, shelf: Shelf, run: dict[str, Any] | None, lists: dict[str, str]) -> None:
        """A run has ended: compare, or repeat what did not get to its end."""
        intent = shelf.intent
        assert intent
        if run is not None and run["state"] == "done" and not _lost(run):
            self._compare(shelf, run, lists[shelf.name])
            return
        if run is not None:
            intent.is_fresh = False
        self._start(shelf, intent)

    def _start(self, shelf: Shelf, intent: Intent) -> None:
        file = shelf.write(self.folder / f"{shelf.name}.csv")
        arguments = {"mode": intent.mode, "file": str(file), "mapped": shelf.mapped, "country": COUNTRY}
        try:
            intent.run = self.operator.ask("start", name=shelf.name, **arguments)
        except RefusedError:
            # A paused delivery or a profile that is being connected: asked for again later.
            intent.run = 0
        except LostError:
            # It may have begun all the same, so the next one may find nothing left to do.
            intent.run, intent.is_fresh = 0, False

    def _compare(self, shelf: Shelf, run: dict[str, Any], list_id: str) -> None:
        intent, final = shelf.intent, run["counts"]["final"]
        assert intent
        expected, rows = intent.expected, final["rows"]
        assert rows["read"] == len(intent.rows) == sum(rows.values()) - rows["read"], (shelf.name, rows)
        if intent.is_fresh:
            counts = {**expected.counts, "failed": 0}
            counts["sent"] = counts.pop("to_send")
            assert rows == counts, (shelf.name, run["id"])
            assert final["removals"]["sent"] == len(expected.removes), (shelf.name, run["id"])
        left = sum(final["members"].values()) - len(shelf.wanted)
        assert 0 <= left <= len(shelf.erased) * shelf.is_erasing, (shelf.name, run["id"])
        if list_id in self._deleted or list_id != run["list"]:
            # After it was filled: noticed by the next run that has something to change, or when Pinterest is asked how
            # the list is, and a new one is filled, which may just have been made.
            self.operator.insist("watch", list_id=list_id)
            intent.is_fresh = False
            self._start(shelf, intent)
            return
        try:
            found = scripted.members(self.stack, list_id)
        except requests.RequestException:
            return  # The simulator is down: compared in a moment.
        tolerated = shelf.erased if shelf.is_erasing else set()
        too_many, missing = len(found - shelf.wanted - tolerated), len(shelf.wanted - found)
        assert (too_many, missing) == (0, 0), (shelf.name, run["id"], intent.mode)
        self.checked += 1
        shelf.settle()

    def _clear_faults(self) -> None:
        for _ in range(100):
            try:
                scripted.control(self.stack, "faults", method="DELETE")
            except requests.RequestException:
                time.sleep(0.2)
            else:
                return
        raise AssertionError("the simulator does not come back")

    def _open(self) -> list[tuple[str, Any]]:
        runs = {run["id"]: (run["state"], run["reason"]) for run in self.operator.insist("report")["runs"]}
        return [(shelf.name, runs.get(shelf.intent.run)) for shelf in self.shelves if shelf.intent]


def _lost(run: dict[str, Any]) -> bool:
    """Whether something of the run did not reach the list."""
    final = run["counts"].get("final")
    return final is None or any(
        final[part][fate] for part in ("additions", "removals") for fate in ("failed", "not_sent")
    )
