"""What a run is going to do, pinned when it starts: later changes of the delivery do not reach into a run."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from audiences.filtering import days
from audiences.filtering.conditions import RowFilter
from audiences.ledger import gone
from audiences.models import Audience, Delivery, DeliveryColumn, Mode, Run, Scope
from audiences.pipeline import wire
from audiences.pipeline.plan import BatchLimits, ColumnMapping, CsvFormat, Plan, Source, Wire
from audiences.services.refusals import ServiceRefusal
from pinconnect.datasets.csv_format import csv_format
from pinconnect.datasets.models import Snapshot
from pinconnect.datasets.services import current_snapshots
from pinconnect.identifiers import kinds


def pin(delivery: Delivery) -> dict[str, Any]:
    """The plan as plain data.

    snapshots: ids in order; readings: what each was read as; source_bytes: their size;
    columns: column, kind, treatment, default_country; mode; wire: shape and list_type;
    limits: records and bytes of a batch; ledger_version: of the audience, 0 for an empty ledger;
    takes_strangers: there when whoever the data names is taken out, known or not;
    filter: which rows it takes, missing when it takes all; with the day from which days are counted, if any are.
    """
    columns = list(delivery.columns.all())
    wire = choose_wire(columns, delivery.audience)
    snapshots = snapshots_of(delivery)
    return {
        "snapshots": [snapshot.pk for snapshot in snapshots],
        "readings": [snapshot.read_as for snapshot in snapshots],
        "source_bytes": sum(snapshot.size_bytes for snapshot in snapshots),
        "columns": [
            {
                "column": column.column,
                "kind": column.kind,
                "treatment": column.treatment,
                "default_country": column.default_country,
            }
            for column in columns
        ],
        "mode": delivery.mode,
        "wire": {"shape": wire.shape, "list_type": wire.list_type},
        "limits": {"records": settings.BATCH_RECORDS, "bytes": settings.BATCH_BYTES},
        "ledger_version": delivery.audience.ledger_version if delivery.audience else 0,
        **({"takes_strangers": True} if takes_strangers(delivery) else {}),
        # Left away where there is none, so that what was pinned before there were filters stays current.
        **({"filter": rows_on_this_day(delivery)} if delivery.row_filter else {}),
    }


def rows_on_this_day(delivery: Delivery) -> dict[str, Any]:
    """The filter with the day from which it counts days, so that a run that goes on tomorrow takes the same rows."""
    found = RowFilter.from_json(delivery.row_filter)
    if found is None or not found.is_relative:
        return delivery.row_filter
    return found.on(days.today(delivery.workspace.time_zone)).to_json()


def takes_strangers(delivery: Delivery) -> bool:
    """Whether people are taken out whom our ledger does not know: somebody else may have put them on the list."""
    return delivery.mode == Mode.REMOVE and delivery.audience is not None and delivery.audience.is_existing


def snapshots_of(delivery: Delivery) -> list[Snapshot]:
    """The data a run would read now; with scope NEW only what became ready after the delivery was published."""
    return current_snapshots(delivery.dataset, since=data_since(delivery))


def data_since(delivery: Delivery) -> datetime | None:
    """Data counts that became ready from then on; None: all of it."""
    return (delivery.published_at or delivery.created_at) if delivery.scope == Scope.NEW else None


def choose_wire(columns: Iterable[DeliveryColumn], audience: Audience | None) -> Wire:
    """The shape in which Pinterest gets these columns: as wire.choose says, as long as the list can take it.

    What was delivered before has to be removable too, and `records` does not say which kind a record is. So a list
    of another type, or with other kinds on it, gets rows; so does one whose type Pinterest alone knows, but for kinds
    that have no place in a row. Raises ServiceRefusal for what cannot travel so.
    """
    mapped = [kinds.get(column.kind) for column in columns]
    try:
        chosen = wire.choose(kind.code for kind in mapped)
    except wire.WireConflict as conflict:
        raise ServiceRefusal("cannot_mix", sentence=conflict.args[0]) from conflict
    if audience is None:
        return chosen
    delivered = {kind for kind, members in audience.ledger_members.items() if members}
    is_same_type = not audience.customer_list_id or audience.list_type == chosen.list_type
    is_unknown = audience.is_existing and not audience.list_type and not any(kind.row_field for kind in mapped)
    is_alone = delivered <= {kind.wire for kind in mapped}
    if chosen.shape == "records" and (is_same_type or is_unknown) and is_alone:
        return chosen
    # Rows are the way out, but some kinds have no place in one.
    for wire_kind in sorted({kind.wire for kind in mapped} | delivered):
        if wire_kind not in kinds.ROW_FIELDS:
            raise ServiceRefusal("list_of_one_kind", label=kinds.get(wire_kind).label)
    return Wire("records_v2", audience.list_type or chosen.list_type)


def wire_of(run: Run) -> Wire:
    return Wire(run.plan["wire"]["shape"], run.plan["wire"]["list_type"])


def engine_plan(run: Run, sources: list[tuple[Snapshot, Path]], ledger: Path | None) -> Plan:
    """The pinned plan over local files, as the engine takes it."""
    pinned = run.plan
    return Plan(
        sources=tuple(Source(path, _format(snapshot)) for snapshot, path in sources),
        columns=tuple(
            ColumnMapping(column["column"], column["kind"], column["treatment"], column["default_country"] or None)
            for column in pinned["columns"]
        ),
        mode=pinned["mode"],
        wire=wire_of(run),
        limits=BatchLimits(pinned["limits"]["records"], pinned["limits"]["bytes"]),
        ledger=gone(ledger) if pinned.get("takes_strangers") else ledger,
        takes_strangers=bool(pinned.get("takes_strangers")),
        memory_limit_mb=settings.ENGINE_MEMORY_MB,
        threads=settings.ENGINE_THREADS,
        row_filter=RowFilter.from_json(pinned.get("filter")),
    )


def _format(snapshot: Snapshot) -> CsvFormat:
    found = csv_format(snapshot)
    return CsvFormat(
        columns=found.columns,
        delimiter=found.delimiter,
        quote=found.quote,
        encoding=found.encoding,
        has_header=found.has_header,
        compression=found.compression,
    )
