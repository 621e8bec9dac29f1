"""The engine and the slow reference agree on members, additions, removals and the fate of every row."""

import hashlib
import random
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audiences import ledger
from audiences.filtering.conditions import RowFilter
from audiences.pipeline.plan import BatchLimits
from audiences.pipeline.prepare import prepare
from tests.audiences.pipeline.helpers import make_ledger, make_plan, members, sent, write_csv, write_tombstones
from tests.support.reference import Column, expect

MAPPINGS = {
    "one e-mail": (Column("a", "email"),),
    "one phone": (Column("a", "phone", default_country="US"),),
    "two e-mails": (Column("a", "email"), Column("b", "email")),
    "both platforms": (Column("a", "gaid"), Column("b", "idfa")),
    "three kinds": (Column("a", "email"), Column("b", "phone", default_country="GB"), Column("c", "maid")),
    "kinds twice": (Column("a", "phone"), Column("b", "email"), Column("c", "email"), Column("d", "phone")),
    "pinner and e-mail": (Column("a", "pinner_id"), Column("b", "email", "hashed")),
    "LiveRamp": (Column("a", "lr_id", "plain"),),
    "any hash": (Column("a", "email", "any_hash"),),
    "hashes beside plain": (Column("a", "email", "any_hash"), Column("b", "email"), Column("c", "maid", "any_hash")),
    "digits": (Column("a", "phone", "e164"),),
}


def value(rng, kind):
    """One of a few dozen values of a kind, so that rows meet, dirty in the ways people know."""
    number = rng.randint(0, 25)
    maid = f"{number:08x}-abcd-4abc-8abc-0123456789ab"
    plain = {
        "email": f"user{number}@Example.com",
        "phone": f"+1 (415) 555-{2600 + number}",
        "gaid": maid,
        "idfa": maid.upper(),
        "maid": rng.choice((maid, maid.upper())),
        "lr_id": f"XY{number:020d}",
        "pinner_id": str(5000 + number),
    }[kind]
    odd = ("", " ", "null", "nonsense", "\u00a0" + plain + "\u200b", plain.upper(), plain.lower(), f'{plain},"', "é\ne")
    hashes = [hashlib.new(name, plain.lower().encode()).hexdigest() for name in ("md5", "sha1", "sha256")]
    hashes += ["37a6259cc0c1dae299a7866489dff0bd", f"{number:064x}", f"{number:040X}", "0" * 32]
    return rng.choice((plain,) * 9 + odd + (*hashes, f"020 7946 09{number:02}", f"1415555{2600 + number}"))


EXTRA = ("country", "age", "joined")


def extra(rng):
    """Columns that are not sent, as a filter looks at them."""
    return {
        "country": rng.choice(("DE", " de\u00a0", "FR", "", "null", "Ö%_'\"", "o\u0308%", "\u0130", "a,b", "x\ny")),
        "age": rng.choice(("17", "18", "1,234.5", "1.234,5", "", "n/a", "$ 40", "-3", "12,5", "1 000", "1.5.2")),
        "joined": rng.choice(
            ("2025-01-31", "31.01.2025", "02/01/2025", "2024-02-30", "", "20250601", "2025-6-1 10:00")
        ),
    }


def row_filter(rng):
    """A filter of a few random conditions."""
    texts = ("DE", "fr", "ö%_'\"", "%", "_", "'", '"', "null", "i", "a,b", "\u200bDE")
    options = (
        lambda: ("country", rng.choice(("is", "is_not", "contains", "lacks", "starts")), [rng.choice(texts)]),
        lambda: ("country", rng.choice(("one_of", "none_of")), rng.sample(texts, 3)),
        lambda: (rng.choice((*EXTRA, "a")), rng.choice(("empty", "filled")), []),
        lambda: ("age", rng.choice(("above", "at_least", "below", "at_most")), [rng.choice(("18", "1234.5", "-3"))]),
        lambda: ("joined", rng.choice(("before", "after")), [rng.choice(("2025-01-31", "2025-02-01"))]),
    )
    groups = []
    for _ in range(rng.randint(1, 3)):
        made = [rng.choice(options)() for _ in range(rng.randint(1, 3))]
        conditions = [{"column": name, "operator": operator, "values": found} for name, operator, found in made]
        groups.append({"match": rng.choice(("all", "any")), "conditions": conditions})
    return {"match": rng.choice(("all", "any")), "is_day_first": rng.random() < 0.5, "groups": groups}


def run(rows, columns, mode, before, erased, partitions, folder, chosen=None):
    names = list(rows[0]) if rows else [column.name for column in columns]
    half = len(rows) // 2
    sources = [write_csv(folder / f"{n}.csv", names, part) for n, part in enumerate((rows[:half], rows[half:]))]
    old = make_ledger(folder, before) if before else None
    tombs = write_tombstones(folder / "tombs.parquet", erased) if erased else None
    plan = make_plan(
        sources,
        columns,
        mode,
        ledger=old,
        tombstones=tombs,
        partitions=partitions,
        limits=BatchLimits(7, 4000),
        row_filter=RowFilter.from_json(chosen),
    )
    prepared = prepare(replace(plan, threads=2), folder / "work")
    new = folder / "new-ledger"
    ledger.advance(old, folder / "work", prepared.batches, new)
    return prepared, new


def check(seed, size, columns, mode, partitions, with_erased, with_filter=False):
    rng = random.Random(seed)
    rows = [{column.name: value(rng, column.kind) for column in columns} for _ in range(size)]
    if with_filter:
        rows = [row | extra(rng) for row in rows]
    chosen = row_filter(rng) if with_filter else None
    earlier = [{column.name: value(rng, column.kind) for column in columns} for _ in range(size // 2)]
    before = expect(earlier + rows[::3], columns).members if seed % 3 else frozenset()
    known = sorted(expect(rows, columns).members)
    erased = frozenset(known[:: max(1, len(known) // 3)]) if with_erased else frozenset()
    wanted = expect(rows, columns, mode, before, erased, chosen)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepared, new = run(rows, columns, mode, before, erased, partitions, folder, chosen)

        found = vars(prepared.counts.rows)
        assert found == wanted.counts
        adds = sent(folder / "work", prepared, "ADD")
        # Rows may carry identifiers that are there already beside a new one; never anything else.
        assert set(adds) >= wanted.adds
        assert set(adds) <= wanted.members
        removes = sent(folder / "work", prepared, "REMOVE")
        assert sorted(removes) == sorted(wanted.removes)
        assert prepared.counts.removals == len(wanted.removes)
        assert members(new) == wanted.members


@pytest.mark.parametrize("mode", ["mirror", "add", "remove"])
@pytest.mark.parametrize("mapping", MAPPINGS)
def test_engine_agrees_with_the_reference(mapping, mode):
    @settings(max_examples=2, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, 10**6), st.integers(1, 120), st.sampled_from((1, 1, 16)), st.booleans())
    def examples(seed, size, partitions, with_erased):
        check(seed, size, MAPPINGS[mapping], mode, partitions, with_erased)

    examples()


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_taking_out_strangers_agrees_with_the_reference(mapping):
    """Who is gone is to a removal what who is there is to an addition."""

    @settings(max_examples=2, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, 10**6), st.integers(1, 120), st.sampled_from((1, 1, 16)))
    def examples(seed, size, partitions):
        rng, columns = random.Random(seed), MAPPINGS[mapping]
        rows = [{column.name: value(rng, column.kind) for column in columns} for _ in range(size)]
        gone = expect(rows[::3], columns).members if seed % 3 else frozenset()
        wanted = expect(rows, columns, "add", gone)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            prepared = take_out(rows, columns, gone, partitions, folder)

            assert vars(prepared.counts.rows) == wanted.counts
            assert sorted(sent(folder / "work", prepared, "REMOVE")) == sorted(wanted.adds)
            assert (prepared.counts.adds, prepared.counts.removals) == (0, len(wanted.adds))
            assert members(folder / "new") == gone | wanted.adds

    examples()


def take_out(rows, columns, gone, partitions, folder):
    source = write_csv(folder / "rows.csv", [column.name for column in columns], rows)
    old = make_ledger(folder, gone) if gone else None
    plan = make_plan(
        [source],
        columns,
        "remove",
        ledger=old,
        partitions=partitions,
        limits=BatchLimits(7, 4000),
        takes_strangers=True,
    )
    prepared = prepare(replace(plan, threads=2), folder / "work")
    ledger.advance(old, folder / "work", prepared.batches, folder / "new", is_gone=True)
    return prepared


def test_finest_partitions_agree_with_the_reference():
    check(7, 150, MAPPINGS["three kinds"], "mirror", 256, True)


@pytest.mark.parametrize("mode", ["mirror", "add", "remove"])
def test_engine_agrees_with_the_reference_on_the_rows_that_a_filter_takes(mode):
    @settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, 10**6), st.integers(1, 120), st.sampled_from(sorted(MAPPINGS)), st.booleans())
    def examples(seed, size, mapping, with_erased):
        check(seed, size, MAPPINGS[mapping], mode, 1, with_erased, with_filter=True)

    examples()
