"""What is delivered while everything goes wrong: changing people, and who must be on each list at the end."""

import csv
import hashlib
import random
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.reference import Column, Expected, Member, expect

COUNTRY = "US"
EMAIL, PHONE, GAID = Column("email", "email"), Column("phone", "phone", default_country=COUNTRY), Column("gaid", "gaid")
Row = dict[str, str]


@dataclass
class Intent:
    """One change that was asked for. is_fresh: nothing of it was tried before, so its counts must be exact."""

    mode: str
    rows: list[Row]
    expected: Expected
    run: int = 0
    is_fresh: bool = True


@dataclass
class Shelf:
    """One delivery: its columns, its people, and the members that follow from all that was asked for so far."""

    name: str
    columns: tuple[Column, ...]
    modes: tuple[str, ...]
    luck: random.Random
    size: int = 600
    people: list[int] = field(default_factory=list)
    members: frozenset[Member] = frozenset()
    ever: set[Member] = field(default_factory=set)
    # Who is never to be sent again, and whether some of them may still be on the list.
    erased: set[Member] = field(default_factory=set)
    is_erasing: bool = False
    intent: Intent | None = None
    done: int = 0
    _next: int = 0

    @property
    def mapped(self) -> list[str]:
        return [f"{column.name}={column.kind}" for column in self.columns]

    def think_of(self, mode: str = "") -> Intent:
        """Other people than last time, and what has to come of them."""
        mode = mode or (self.luck.choice(self.modes) if self.members else "mirror")
        self.luck.shuffle(self.people)
        share = self.luck.choice((0.0, 0.02, 0.3))
        self.people = self.people[int(len(self.people) * share) :]
        while len(self.people) < self.size:
            self.people.append(self._next)
            self._next += 1
        rows = [self._row(person) for person in self.people]
        rows += [dict(row) for row in self.luck.sample(rows, self.size // 20)]
        rows += [dict.fromkeys(("email", "phone", "gaid"), "n/a")] * 3
        expected = expect(rows, self.columns, mode, self.members, erased=self.erased)
        self.intent = Intent(mode, rows, expected, is_fresh=not self.is_erasing)
        self.ever |= self.intent.expected.members | self.members
        return self.intent

    def settle(self) -> None:
        """What was asked for has happened."""
        assert self.intent
        self.members, self.intent, self.done = self.wanted, None, self.done + 1

    @property
    def wanted(self) -> frozenset[Member]:
        """Who is on the list when what was asked for has happened, and every erasure too."""
        assert self.intent
        return self.intent.expected.members - self.erased

    @property
    def addresses(self) -> list[Member]:
        """E-mail addresses that are on the list, or on their way where nothing has arrived yet."""
        known = self.members or (self.intent.expected.members if self.intent else frozenset())
        return sorted(member for member in known - self.erased if member[0] == "email")

    def erase(self, number: int) -> list[str]:
        """Some people ask to be forgotten, whatever is under way; the digests of their addresses."""
        chosen = self.luck.sample(self.addresses, number)
        self.erased.update(chosen)
        self.members, self.is_erasing = self.members - self.erased, True
        if self.intent:
            self.intent.is_fresh = False
        return [digest for _, digest in chosen]

    def write(self, path: Path) -> Path:
        assert self.intent
        with path.open("w", newline="", encoding="utf-8") as text:
            writer = csv.DictWriter(text, ("email", "phone", "gaid"))
            writer.writeheader()
            writer.writerows(self.intent.rows)
        return path

    def _row(self, person: int) -> Row:
        """The same person is written in another way each time."""
        email = f"{self.name}.{person}@chaos.example"
        area, number = 201 + person % 700, f"{200 + person % 791}{person % 10_000:04d}"
        gaid = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.name}/{person}"))
        return {
            "email": self.luck.choice((email, email.upper(), f"  {email} ", hashlib.sha256(email.encode()).hexdigest()))
            if person % 10
            else self.luck.choice(("", "null", "not an address")),
            "phone": self.luck.choice((f"+1{area}{number}", f"({area}) {number[:3]}-{number[3:]}", "")),
            "gaid": self.luck.choice((gaid, gaid.upper(), gaid.replace("-", ""))) if person % 7 else "",
        }

    def identifiers(self) -> set[str]:
        """All plain values that must not be seen anywhere, of the last files."""
        rows = self.intent.rows if self.intent else []
        return {value.strip().lower() for row in rows for value in row.values() if len(value.strip()) > 8}


def make_shelves(seed: int) -> list[Shelf]:
    """Deliveries of every mode and both shapes of records."""
    every = ("mirror", "add", "remove")
    plans = (
        ("mirrored", (EMAIL,), ("mirror",)),
        ("added", (EMAIL, PHONE, GAID), ("add",)),
        ("removed", (GAID,), ("add", "remove", "remove")),
        ("mixed", (EMAIL, PHONE, GAID), every),
        ("phones", (PHONE, EMAIL), every),
    )
    return [
        Shelf(name, columns, modes, random.Random(f"{seed}/{name}"), size=400 + 150 * number)
        for number, (name, columns, modes) in enumerate(plans)
    ]
