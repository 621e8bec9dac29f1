"""Who of many is on a list: each partition of a ledger is asked once, however many are looked for."""

import random
from hashlib import md5, sha1, sha256
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage

from audiences import files, ledger
from audiences.ledger import writing
from audiences.models import Audience
from audiences.people import members
from audiences.people.members import Wanted
from audiences.people.parts import Parts
from audiences.pipeline.prepare import prepare
from tests.audiences.pipeline.helpers import make_plan, write_csv
from tests.support.reference import Column

COLUMNS = (Column("email", "email", "any_hash"), Column("phone", "phone", "any_hash"))
HASHES = (sha256, sha1, md5)


def wanted(kind: str, number: int) -> Wanted:
    """The same number is the same digest, of one of the three lengths."""
    return Wanted(kind, HASHES[number % 3](f"{kind} {number}".encode(), usedforsecurity=False).digest())


@pytest.fixture
def stored(tmp_path: Path, settings: Any) -> Any:
    """Writes runs to the ledger of a list, version after version."""
    audience = Audience(pk=4711, workspace_id=1)

    def write(numbers: range, *, partitions: int = 1) -> Audience:
        rows = [{code: wanted(code, n).digest.hex() for code in ("email", "phone")} for n in numbers]
        folder = tmp_path / f"run-{audience.ledger_version}"
        folder.mkdir()
        source = write_csv(folder / "rows.csv", ["email", "phone"], rows)
        old = files.ledger(audience, audience.ledger_version)
        prepared = prepare(make_plan([source], COLUMNS, "mirror", ledger=old, partitions=partitions), folder / "work")
        audience.ledger_version += 1
        target = Path(default_storage.path(files.ledger_name(audience, audience.ledger_version)))
        ledger.advance(old, folder / "work", prepared.batches, target)
        return audience

    return write


@pytest.mark.parametrize(("partitions", "width"), [(1, 0), (16, 1), (256, 2)])
@pytest.mark.parametrize("has_notes", [False, True])
def test_members_are_told_from_others(
    stored: Any, monkeypatch: pytest.MonkeyPatch, partitions: int, width: int, has_notes: bool
) -> None:
    if has_notes:
        monkeypatch.setattr(writing, "LARGE", 0)
        monkeypatch.setattr(writing, "_MEMBERS_PER_NOTE", 0)
    stored(range(200), partitions=partitions)
    audience = stored(range(20, 230), partitions=partitions)
    asked = [wanted(kind, n) for kind in ("email", "phone") for n in random.Random(7).sample(range(300), 150)]
    others = [Wanted("phone", wanted("email", n).digest) for n in range(20, 40)] + [wanted("maid", 30)]

    with Parts() as parts:
        found = members.members_of(parts, [audience], [*asked, *others])[audience.pk]
        queries = members._queries(parts, 1, files.ledger_name(audience, audience.ledger_version), asked)

    assert sorted(found) == sorted(one for one in asked if one in {wanted(one.wire_kind, n) for n in range(20, 230)})
    assert len(queries) <= 16**width


def test_one_person_is_found_by_one_query(stored: Any) -> None:
    audience = stored(range(200), partitions=16)

    with Parts() as parts:
        found = members.members_of(parts, [audience], [wanted("email", 5)])
        queries = members._queries(parts, 1, files.ledger_name(audience, 1), [wanted("email", 5)])

    assert found[audience.pk] == [wanted("email", 5)]
    assert len(queries) == 1


def test_thousands_are_one_query_of_a_small_ledger(stored: Any) -> None:
    audience = stored(range(50))
    many = [wanted("email", n) for n in range(3_000)]

    with Parts() as parts:
        found = members.members_of(parts, [audience], many)[audience.pk]
        queries = members._queries(parts, 1, files.ledger_name(audience, 1), many)

    assert sorted(found) == sorted(many[:50])
    assert len(queries) == 1


def test_kind_that_is_not_on_the_list_is_not_looked_for(stored: Any) -> None:
    audience = stored(range(5))

    with Parts() as parts:
        assert members._queries(parts, 1, files.ledger_name(audience, 1), [wanted("maid", 3)]) == []
        assert members.members_of(parts, [audience], [wanted("maid", 3)])[audience.pk] == []
