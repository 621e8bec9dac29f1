"""Small files, plans and ledgers for the pipeline's tests."""

import csv
import json

import duckdb

from audiences import ledger
from audiences.pipeline import payloads, wire
from audiences.pipeline.plan import ColumnMapping, CsvFormat, Plan, Source
from audiences.pipeline.prepare import prepare
from pinconnect.identifiers import kinds
from tests.support.reference import Column

EMAIL = (Column("email", "email"),)


def write_csv(path, names, rows, encoding="utf-8", **format):
    """A well-formed file of these rows (mappings by name), and the source that reads it."""
    with path.open("w", encoding=encoding, newline="") as out:
        writer = csv.writer(out, delimiter=format.get("delimiter", ","))
        writer.writerow(names)
        writer.writerows([row[name] for name in names] for row in rows)
    return Source(path, CsvFormat(tuple(names), encoding=encoding, **format))


def write_text(path, data, names=("email", "city"), **format):
    """A file of exactly these bytes, and the source that reads it."""
    path.write_bytes(data)
    return Source(path, CsvFormat(tuple(names), **format))


def make_plan(sources, columns=EMAIL, mode="mirror", **more):
    """A plan for columns of the reference; small limits so that a test has several batches."""
    mapping = tuple(ColumnMapping(one.name, one.kind, one.treatment, one.default_country) for one in columns)
    return Plan(tuple(sources), mapping, mode, wire.choose(one.kind for one in columns), threads=1, **more)


def sent(workdir, prepared, operation):
    """The identifiers that reading every batch of an operation gives: (wire kind, hex)."""
    found = []
    for batch in prepared.batches:
        if batch.operation == operation:
            payload = payloads.read(workdir, operation, batch.first, batch.count)
            assert payload.count == batch.count
            found += members_of(payload, prepared)
    return found


def members_of(payload, prepared):
    """The identifiers of a payload."""
    if payload.rows_json is None:
        (code,) = prepared.counts.kinds
        return [(code, record) for record in payload.text.split(",")]
    fields = {field: code for code, field in kinds.ROW_FIELDS.items()}
    return [(fields[field], digest) for row in json.loads(payload.rows_json) for field, digest in row.items()]


def members(path):
    """Everything in a ledger: (wire kind, hex)."""
    if path is None:
        return set()
    found = ledger.stats(path)
    prefixes = [f"{number:0{found.width}x}" for number in range(16**found.width)] if found.width else [""]
    queries = [f"SELECT wire_kind, lower(hex(h)) FROM ({ledger.partition(path, found, prefix)})" for prefix in prefixes]
    rows = [row for query in queries for row in duckdb.sql(query).fetchall()]
    assert len(rows) == len(set(rows)), "a ledger holds nothing twice"
    return {(kinds.WIRE_CODES[number], digest) for number, digest in rows}


def make_ledger(folder, found):
    """A ledger of these members, made the way a run makes one."""
    path = folder / "made-ledger.csv"
    names = sorted({code for code, _ in found}) or ["email"]
    rows = [{name: digest if name == code else "" for name in names} for code, digest in sorted(found)]
    source = write_csv(path, names, rows)
    columns = [Column(name, name if name in kinds.KINDS else "maid", "any_hash") for name in names]
    prepared = prepare(make_plan([source], columns, "add"), folder / "made-work")
    ledger.advance(None, folder / "made-work", prepared.batches, folder / "made-ledger")
    return folder / "made-ledger"


def write_tombstones(path, found):
    """A Parquet file of erased identifiers."""
    connection = duckdb.connect(":memory:")
    connection.execute("CREATE TABLE t (wire_kind UTINYINT, h BLOB)")
    for code, digest in found:
        connection.execute("INSERT INTO t VALUES (?, unhex(?))", [kinds.WIRE_NUMBERS[code], digest])
    connection.execute(f"COPY t TO '{path}' (FORMAT parquet)")
    connection.close()
    return path
