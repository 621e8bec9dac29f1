"""Batches fit the limits, any range can be read, and what is read is what Pinterest expects."""

import dataclasses
import json
import multiprocessing
from concurrent.futures import ThreadPoolExecutor

import pytest

from audiences.pipeline import payloads, wire
from audiences.pipeline.plan import BatchLimits, Wire
from audiences.pipeline.prepare import prepare
from tests.audiences.pipeline.helpers import make_ledger, make_plan, members_of, write_csv
from tests.support.reference import Column, digest_of, expect

MIXED = (Column("email", "email"), Column("phone", "phone"), Column("gaid", "gaid"))


def mixed_rows(count):
    """Rows with one, two or three identifiers, so that they differ in size."""
    return [
        {
            "email": f"user{n}@example.com",
            "phone": f"+1415555{n:04d}" if n % 2 else "",
            "gaid": f"{n:08x}-1111-4111-8111-111111111111" if n % 3 else "",
        }
        for n in range(count)
    ]


def prepared_rows(tmp_path, rows, columns, limits, **more):
    source = write_csv(tmp_path / "a.csv", [column.name for column in columns], rows)
    plan = dataclasses.replace(make_plan([source], columns, **more), limits=limits)
    return prepare(plan, tmp_path / "work")


@pytest.mark.parametrize("columns", [MIXED[:1], MIXED])
@pytest.mark.parametrize("limits", [BatchLimits(7, 10**6), BatchLimits(10_000, 3000), BatchLimits(150, 20_000)])
def test_batches_keep_both_limits_and_say_their_size(tmp_path, columns, limits):
    prepared = prepared_rows(tmp_path, mixed_rows(300), columns, limits)

    assert [batch.first for batch in prepared.batches] == [
        sum(one.count for one in prepared.batches[:n]) for n in range(len(prepared.batches))
    ]
    for batch in prepared.batches:
        payload = payloads.read(tmp_path / "work", "ADD", batch.first, batch.count)
        assert len(payload.text.encode()) == batch.bytes <= limits.bytes - wire.ENVELOPE_BYTES
        assert batch.count <= limits.records
    assert sum(batch.count for batch in prepared.batches) == prepared.counts.adds == 300


def test_batches_are_nearly_as_full_as_the_byte_limit_allows(tmp_path):
    prepared = prepared_rows(tmp_path, mixed_rows(3000), MIXED, BatchLimits(10_000, 100_000))

    full = prepared.batches[:-1]
    assert len(full) > 3
    assert min(batch.bytes for batch in full) > 0.95 * (100_000 - wire.ENVELOPE_BYTES)


@pytest.mark.parametrize("columns", [MIXED[:1], MIXED])
def test_sample_of_many_records_tells_when_one_is_another(tmp_path, columns):
    rows, found = mixed_rows(2000), []
    for name in ("first", "again", "otherwise"):
        folder = tmp_path / name
        folder.mkdir()
        prepared_rows(folder, rows, columns, BatchLimits(150, 20_000))
        found.append(payloads.sample(folder / "work"))
        if name == "again":
            rows[700]["email"] = "somebody@example.com"

    assert found[0] == found[1] != found[2]
    assert len(found[0].splitlines()) <= payloads.SAMPLED + 2


def test_sample_of_a_few_is_all_of_them_as_they_are_sent(tmp_path):
    prepared_rows(tmp_path, mixed_rows(20), MIXED, BatchLimits(7, 10**6))

    found = [line.split(" ", 1)[-1] for line in payloads.sample(tmp_path / "work").splitlines()]

    assert found == ["ADD", *payloads_of(tmp_path, 20)]


def payloads_of(tmp_path, count):
    return [payloads.read(tmp_path / "work", "ADD", n, 1).rows_json[1:-1] for n in range(count)]


def test_any_range_gives_the_same_records_as_the_whole(tmp_path):
    prepared_rows(tmp_path, mixed_rows(200), MIXED, BatchLimits(50, 10**6), partitions=16)
    whole = json.loads(payloads.read(tmp_path / "work", "ADD", 0, 200).rows_json)

    for first, count in [(0, 1), (199, 1), (0, 100), (57, 86), (3, 196)]:
        part = json.loads(payloads.read(tmp_path / "work", "ADD", first, count).rows_json)
        assert part == whole[first : first + count]


def test_records_are_sorted_lower_case_digests_with_commas_between(tmp_path):
    rows = [{"email": f"user{n}@example.com"} for n in range(50)]

    prepared_rows(tmp_path, rows, MIXED[:1], BatchLimits(), partitions=16)

    expected = sorted(digest_of("email", row["email"]) for row in rows)
    assert payloads.read(tmp_path / "work", "ADD", 0, 50).text == ",".join(expected)


def test_rows_carry_one_field_per_kind_and_leave_out_what_is_missing(tmp_path):
    prepared_rows(tmp_path, mixed_rows(1), MIXED, BatchLimits())

    assert json.loads(payloads.read(tmp_path / "work", "ADD", 0, 1).rows_json) == [
        {"email": digest_of("email", "user0@example.com")}
    ]


def test_second_identifier_of_a_kind_becomes_a_row_of_its_own(tmp_path):
    columns = (Column("a", "email"), Column("b", "email"), Column("p", "phone"))
    rows = [{"a": "x@example.com", "b": "y@example.com", "p": "+14155552671"}]

    prepared_rows(tmp_path, rows, columns, BatchLimits())

    first, second = (digest_of("email", address) for address in ("x@example.com", "y@example.com"))
    found = json.loads(payloads.read(tmp_path / "work", "ADD", 0, 2).rows_json)
    assert {"email": second} in found
    assert {"email": first, "hashed_phone_number": digest_of("phone", "+14155552671")} in found


@pytest.mark.parametrize("columns", [MIXED[:1], MIXED])
def test_removals_carry_one_identifier_each(tmp_path, columns):
    rows = mixed_rows(30)
    before = expect(rows, columns).members

    prepared = prepared_rows(tmp_path, rows[:1], columns, BatchLimits(), ledger=make_ledger(tmp_path, before))

    (batch,) = prepared.batches
    payload = payloads.read(tmp_path / "work", "REMOVE", batch.first, batch.count)
    assert set(members_of(payload, prepared)) == before - expect(rows[:1], columns).members
    assert batch.count == len(members_of(payload, prepared))


@pytest.mark.parametrize(("first", "count"), [(0, 11), (10, 1), (-1, 2)])
def test_range_outside_the_sequence_is_refused(tmp_path, first, count):
    prepared_rows(tmp_path, mixed_rows(10), MIXED, BatchLimits())

    with pytest.raises(payloads.PayloadMissing):
        payloads.read(tmp_path / "work", "ADD", first, count)


def test_preparing_again_in_the_same_place_is_read_afresh(tmp_path):
    for count in (20, 10, 30):
        rows = [{"email": f"user{n}.{count}@example.com"} for n in range(count)]

        prepared_rows(tmp_path, rows, MIXED[:1], BatchLimits())

        expected = sorted(digest_of("email", row["email"]) for row in rows)
        assert payloads.read(tmp_path / "work", "ADD", 0, count).text.split(",") == expected


def test_reading_works_in_threads_and_after_a_fork(tmp_path):
    prepared_rows(tmp_path, mixed_rows(40), MIXED, BatchLimits())
    expected = payloads.read(tmp_path / "work", "ADD", 0, 40)

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: payloads.read(tmp_path / "work", "ADD", 0, 40), range(20)))
    with multiprocessing.get_context("fork").Pool(1) as child:
        found.append(child.apply(payloads.read, (tmp_path / "work", "ADD", 0, 40)))

    assert found == [expected] * 21


def test_directory_without_prepared_data_is_refused(tmp_path):
    with pytest.raises(payloads.PayloadMissing):
        payloads.read(tmp_path, "ADD", 0, 1)


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (["email"], Wire("records", "EMAIL")),
        (["idfa"], Wire("records", "IDFA")),
        (["gaid"], Wire("records", "MAID")),
        (["gaid", "idfa"], Wire("records", "MAID")),
        (["lr_id"], Wire("records", "LR_ID")),
        (["dlx_id"], Wire("records", "DLX_ID")),
        (["pinner_id"], Wire("records", "HASHED_PINNER_ID")),
        (["phone"], Wire("records_v2", "EMAIL")),
        (["phone", "maid"], Wire("records_v2", "MAID")),
        (["email", "phone", "gaid"], Wire("records_v2", "EMAIL")),
    ],
)
def test_wire_follows_the_mapping(codes, expected):
    assert wire.choose(codes) == expected


@pytest.mark.parametrize("codes", [[], ["lr_id", "email"], ["dlx_id", "lr_id"], ["dlx_id", "phone"]])
def test_kinds_that_cannot_travel_together_are_refused(codes):
    with pytest.raises(wire.WireConflict):
        wire.choose(codes)
