"""The people whom the pretend Pinterest knows, and every spelling under which a record finds one of them."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

PEOPLE = 2_500
KINDS = ("email", "phone", "maid", "pinner_id")
_NAMESPACE = uuid.UUID("7d3b4f6e-8c55-5d0a-9a52-1b8f0e2f6c11")


@dataclass(frozen=True)
class Person:
    """One seeded Pinterest user.

    phone is in E.164 ("+14155550000"); maid is an upper-case IDFA for even numbers and a lower-case
    advertising id of Android for odd ones, as platform ("ios" or "android") says.
    """

    number: int
    email: str
    phone: str
    maid: str
    platform: str
    pinner_id: str


@cache
def seeded_people() -> tuple[Person, ...]:
    """All seeded people, the same in every process: member00000@example.com to member02499@example.com."""
    return tuple(_person(number) for number in range(PEOPLE))


def _person(number: int) -> Person:
    device = str(uuid.uuid5(_NAMESPACE, f"device {number}"))
    is_ios = number % 2 == 0
    return Person(
        number=number,
        email=f"member{number:05d}@example.com",
        phone=f"+1415555{number:04d}",
        maid=device.upper() if is_ios else device,
        platform="ios" if is_ios else "android",
        pinner_id=str(880_000_000_000_000_000 + number * 7919),
    )


def _digests(text: str) -> Iterator[str]:
    data = text.encode()
    yield hashlib.sha256(data).hexdigest()
    yield hashlib.sha1(data, usedforsecurity=False).hexdigest()
    yield hashlib.md5(data, usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class Keys:
    """For each place in which an identifier may stand, the accepted spellings with the bit each one sets.

    Bit person * 4 + position in KINDS: every spelling of one e-mail sets the same bit.
    """

    email: dict[str, int]
    phone: dict[str, int]
    maid: dict[str, int]
    pinner_id: dict[str, int]
    records: dict[str, int]


@cache
def keys() -> Keys:
    """Every accepted spelling; plain texts count for e-mails and advertising ids, phones and pinner ids only hashed."""
    email: dict[str, int] = {}
    phone: dict[str, int] = {}
    maid: dict[str, int] = {}
    pinner_id: dict[str, int] = {}
    for person in seeded_people():
        bit = person.number * len(KINDS)
        email.update(dict.fromkeys((person.email, *_digests(person.email)), bit))
        phone.update(dict.fromkeys(_digests(person.phone.lstrip("+")), bit + 1))
        maid.update(dict.fromkeys((person.maid, *_digests(person.maid)), bit + 2))
        pinner_id.update(dict.fromkeys(_digests(person.pinner_id), bit + 3))
    return Keys(email, phone, maid, pinner_id, {**email, **maid, **pinner_id})


def count_people(bits: int) -> int:
    """How many distinct people have at least one of their identifiers among the bits."""
    # Folding the four bits of a person onto the lowest one leaves one bit per person.
    folded = bits | bits >> 1 | bits >> 2 | bits >> 3
    return (folded & _lowest_bits()).bit_count()


@cache
def _lowest_bits() -> int:
    return sum(1 << number * len(KINDS) for number in range(PEOPLE))
