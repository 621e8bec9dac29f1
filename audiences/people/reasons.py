"""Why somebody is on a list, or is not any more, in sentences."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from audiences.models import Mode, Run, Trigger
from audiences.people.lookup import Event, Place
from pinconnect.datasets.models import Snapshot
from pinconnect.identifiers import kinds

# Data that is appended to is read as many snapshots, and mostly the newest of them brought somebody.
_SHOWN = 3


@dataclass(frozen=True)
class Chapter:
    """One event in words. run: to link to; snapshots: what it read, newest first."""

    title: str
    body: str
    at: datetime
    run: Run
    snapshots: tuple[Snapshot, ...]
    tone: str

    @property
    def newest(self) -> tuple[Snapshot, ...]:
        return self.snapshots[:_SHOWN]

    @property
    def older(self) -> tuple[Snapshot, ...]:
        """Those that are folded away."""
        return self.snapshots[_SHOWN:]


@dataclass(frozen=True)
class Story:
    """Everything known about one list. headline and body: how it stands now. chapters: newest first."""

    place: Place
    headline: str
    tone: str
    body: str
    chapters: tuple[Chapter, ...]


def story_of(place: Place) -> Story:
    """A place in words."""
    if not place.is_readable:
        return Story(place, "Cannot be looked up", "warn", "The ledger of this list cannot be read.", ())
    if not place.is_known:
        return Story(place, "Not known yet", "neutral", "A run is under way.", ())
    chapters = tuple(_chapter(event) for event in place.events)
    if place.is_gone:
        return Story(place, "The list is gone", "neutral", "It was deleted at Pinterest, so nobody is on it.", chapters)
    if not place.is_member:
        return Story(place, "Not on the list any more", "neutral", chapters[0].body if chapters else "", chapters)
    arrivals = [chapter for chapter, event in zip(chapters, place.events, strict=True) if not event.is_removal]
    body = arrivals[0].body if arrivals else "It came before PinConnect kept a history, so nobody can say from where."
    return Story(place, "On the list", "good", body, chapters)


def _chapter(event: Event) -> Chapter:
    run, dataset = event.run, event.run.delivery.dataset
    title = f"{kinds.wire_label(event.wanted.wire_kind)} {'removed' if event.is_removal else 'added'}"
    return Chapter(
        title, _why(event, str(dataset)), event.at, run, event.snapshots[::-1], "warn" if event.is_removal else "good"
    )


def _why(event: Event, dataset: str) -> str:
    mode = event.run.plan.get("mode")
    if event.run.trigger == Trigger.ERASURE:
        return "Somebody had it erased from every list of the workspace."
    if not event.is_removal:
        return f"A row of the dataset “{dataset}” carried it."
    if mode == Mode.REMOVE:
        return f"The delivery removes whoever is in the dataset “{dataset}”, and a row of it carried this identifier."
    return f"The dataset “{dataset}” did not carry it any more, and the delivery mirrors the dataset."
