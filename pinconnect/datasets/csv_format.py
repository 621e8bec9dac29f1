"""How a delimited text file is to be read: the plain data that reading a snapshot needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pinconnect.datasets.models import Snapshot


@dataclass(frozen=True)
class CsvFormat:
    """How the stored file of a snapshot is to be read, by whoever reads it.

    columns: the names in file order, one per field, also when there is no header. encoding: any name Python knows.
    compression: "" or "gzip". quote: "" when the file has no quoting; a quote inside a quoted value is doubled.
    """

    columns: tuple[str, ...]
    delimiter: str = ","
    quote: str = '"'
    encoding: str = "utf-8"
    has_header: bool = True
    compression: str = ""


def csv_format(snapshot: Snapshot) -> CsvFormat:
    """How the file at snapshot.readable_name is to be read; the snapshot must be ready.

    It is always UTF-8: an upload in another encoding has a clean copy. A byte order mark may stand at its start.
    """
    return CsvFormat(
        columns=tuple(snapshot.column_names),
        delimiter=snapshot.delimiter,
        quote=snapshot.quote,
        has_header=snapshot.has_header,
        compression="" if snapshot.clean_name else snapshot.compression,
    )
