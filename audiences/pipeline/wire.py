"""Which shape Pinterest is sent, chosen by the kinds that are mapped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from audiences.pipeline.plan import ColumnMapping, Wire
from pinconnect.identifiers import kinds

# Room in a request body for everything around the records: operation, list name, brackets.
ENVELOPE_BYTES = 1024


class WireConflict(ValueError):  # noqa: N818 - a choice to be made by a person, not a fault
    """These kinds cannot travel in one customer list; args[0] is a sentence for the form."""


def choose(codes: Iterable[str]) -> Wire:
    """The wire for these kinds of identifier.

    One wire kind other than phone: `records` with the list type of that kind. Several, or phones: `records_v2`, which
    has no field for LiveRamp and Datalogix IDs. Raises WireConflict.
    """
    chosen = {code: kinds.get(code) for code in codes}
    if not chosen:
        raise WireConflict("Choose at least one column that holds an identifier.")
    wires = {kind.wire for kind in chosen.values()}
    if len(wires) == 1 and "phone" not in wires:
        types = {kind.list_type for kind in chosen.values()}
        # Apple and Android IDs together are what Pinterest calls MAID.
        return Wire("records", str(types.pop() if len(types) == 1 else "MAID"))
    alone = sorted(kind.label for kind in chosen.values() if kind.row_field is None)
    if alone:
        raise WireConflict(f"{' and '.join(alone)} cannot be combined with another kind of identifier in one list.")
    for wire, list_type in (("email", "EMAIL"), ("maid", "MAID"), ("pinner_id", "HASHED_PINNER_ID")):
        if wire in wires:
            return Wire("records_v2", list_type)
    return Wire("records_v2", "EMAIL")


def wire_kinds(columns: Sequence[ColumnMapping]) -> tuple[str, ...]:
    """The distinct wire kinds of the mapping, in the order rows are written."""
    mapped = {kinds.get(column.kind).wire for column in columns}
    return tuple(wire for wire in kinds.WIRE_NUMBERS if wire in mapped)


def row_sql(digests: dict[str, str]) -> str:
    """SQL for the JSON text of one records_v2 row. digests: SQL of a BLOB or NULL by wire kind.

    Nothing but lower-case hexadecimal digits is written between the quotes, so there is nothing to escape.
    """
    fields = [f"""'"{kinds.ROW_FIELDS[wire]}":"' || lower(hex({sql})) || '"'""" for wire, sql in digests.items()]
    return f"'{{' || concat_ws(',', {', '.join(fields)}) || '}}'"


def row_bytes_sql(digests: dict[str, str]) -> str:
    """SQL for the length of row_sql's text, without making it."""
    sizes = [f"COALESCE({_field_bytes(wire, sql)} + 1, 0)" for wire, sql in digests.items()]
    return f"(1 + {' + '.join(sizes)})"


def _field_bytes(wire: str, digest: str) -> str:
    """SQL; NULL without a digest. Two hexadecimal digits for a byte, whichever hash it is."""
    frame = len(kinds.ROW_FIELDS[wire]) + len('"":""')
    return f"{frame} + 2 * octet_length({digest})"
