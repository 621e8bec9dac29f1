"""How a delimited text file is to be read: the plain data that reading a snapshot needs."""

from dataclasses import dataclass


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
