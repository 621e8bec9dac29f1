"""Why a file was refused: what happened, what it means, what to do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Refusal:
    """Words about one refusal, ready to be shown."""

    code: str
    title: str
    body: str
    next_step: str


# title, body, next step; {line} reads " in line 17" or is empty, {detail} is what the examination added.
_WORDS: dict[str, tuple[str, str, str]] = {
    "empty": (
        "The file is empty",
        "There is nothing in it, or nothing but blank lines.",
        "Export it again, look into it, and upload it once more.",
    ),
    "header_only": (
        "The file has column names but no rows",
        "There is nothing to deliver in it.",
        "Check the filter of your export, and upload the file again.",
    ),
    "too_large": (
        "The file is too large",
        "This installation takes files of up to {detail}.",
        "Compress the file with gzip, split it and append the parts, or ask your administrator to raise UPLOAD_MAX_MB.",
    ),
    "expands_too_far": (
        "The file grows far too much when it is unpacked",
        "It looks like an archive made to fill the disk, so it was not read further.",
        "Upload the file uncompressed, or in several parts.",
    ),
    "disk_full": (
        "There is no room left on the server",
        "The file could not be stored or examined; nothing of it was kept half-way.",
        "Ask your administrator to make room, then try again.",
    ),
    "storage_failed": (
        "The file could not be stored",
        "The file storage did not take it; nothing of it was kept.",
        "Try again in a few minutes; if it goes on, tell your administrator.",
    ),
    "interrupted": (
        "The upload was interrupted",
        "Only a part of the file arrived; nothing of it was kept.",
        "Upload the file again.",
    ),
    "not_rows": (
        "This is not a CSV file",
        "It is {detail}, whatever its name says.",
        "Open it in the program it was made with, export it as CSV (UTF-8), and upload that.",
    ),
    "not_gzip": (
        "The file is called .gz but is not compressed with gzip",
        "It may be damaged, or something else under a wrong name.",
        "Compress it again with gzip, or upload it uncompressed as .csv.",
    ),
    "gzip_cut_off": (
        "The compressed file ends too early",
        "The end is missing, so rows would be missing too.",
        "Copy or compress the file again, and upload it once more.",
    ),
    "gzip_damaged": (
        "The compressed file is damaged",
        "It cannot be unpacked to the end.",
        "Compress the file again, and upload it once more.",
    ),
    "encoding_wrong": (
        "The text is not in the encoding it was read with",
        "It was read as {detail}, which does not fit{line}.",
        "Choose another encoding, or export the file as UTF-8.",
    ),
    "utf8_damaged": (
        "The text is UTF-8 with damaged characters",
        "Most of it is UTF-8, but there are bytes{line} that are not: two encodings were mixed.",
        "Export the file as UTF-8 again, or choose another encoding if you know better.",
    ),
    "nul_bytes": (
        "The file contains zero bytes",
        "There is a zero byte{line}. A text has none: the file is damaged, or in another encoding.",
        "Export the file as UTF-8 again; if you know its encoding, choose it.",
    ),
    "unreadable_rows": (
        "No rows could be told apart",
        "With this delimiter and quote character the file makes no sense as rows.",
        "Choose another delimiter or quote character, or export the file again.",
    ),
    "rows_too_large": (
        "The rows are too long",
        "A row of identifiers has some hundred characters; these have more than 100,000 between two line ends.",
        "Check the delimiter, the quote character and the line ends of your export.",
    ),
    "rows_disagree": (
        "The quotes can be read in two ways",
        "Two readers do not agree on {detail} of the rows, so some would be lost or mixed up.",
        "Export the file with every value in double quotes, and quotes inside values doubled.",
    ),
    "unclosed_quote": (
        "A quote is not closed",
        "A value begins with a quote{line} that is closed lines later, or never. The rows between would be lost.",
        "Correct the quote, or choose “no quote character” if quotes have no meaning in this file.",
    ),
    "too_many_broken_rows": (
        "Too many rows do not fit the columns",
        "{detail} rows have more or fewer fields than there are columns. The file is probably read wrongly.",
        "Check delimiter, quote character and encoding; the list of broken rows shows where it goes wrong.",
    ),
    "too_many_columns": (
        "There are too many columns",
        "{detail} columns were found; 500 are allowed. Often the delimiter is wrong, or rows and columns are swapped.",
        "Choose another delimiter, or export only the columns you need.",
    ),
    "header_width": (
        "The first line does not fit the rows",
        "The first line and most rows have different numbers of fields ({detail}).",
        "Remove titles or notes above the column names, or say that there is no header.",
    ),
    "duplicate_columns": (
        "Two columns have the same name",
        "The name “{detail}” stands in the header more than once, so nobody can say which one is meant.",
        "Rename one of them (upper and lower case count as the same), and upload the file again.",
    ),
    "column_name_too_long": (
        "A column name is too long",
        "Names have at most 200 characters. Often the first line is a row of data, or the delimiter is wrong.",
        "Correct the header, or say that there is none.",
    ),
    "no_usable_column": (
        "No column holds identifiers",
        "There are no e-mail addresses, phone numbers or other IDs that Pinterest can match.",
        "Upload a file with at least one such column; if there is one, check delimiter and encoding.",
    ),
    "column_missing": (
        "Columns of this dataset are missing",
        "Earlier snapshots have {detail}, and this file does not. Columns may be added, but not left out.",
        "Export the file with all columns, or make another dataset for it.",
    ),
    "header_is_data": (
        "The first line holds identifiers, not names",
        "It was to be read as the names of the columns, but there are identifiers of people in it.",
        "Say that there is no header, or add a line with names above it.",
    ),
    "header_needed": (
        "It cannot be told which column is which",
        "The file has no header, and its columns do not look like those of the dataset: {detail}.",
        "Add a first line with the names of the columns.",
    ),
    "examination_failed": (
        "The file could not be examined",
        "The examination broke off several times. The file is stored, but not used.",
        "Try “Examine again”; if it fails once more, tell your administrator.",
    ),
}

CODES = frozenset(_WORDS)


def refusal(code: str, *, line: int | None = None, detail: str = "") -> Refusal:
    """The words for a code; an unknown one is told as an examination that failed."""
    title, body, next_step = _WORDS.get(code, _WORDS["examination_failed"])
    where = f" in line {line:,}" if line else ""
    # replace(), not format(): a column's name may hold braces.
    return Refusal(code, title, body.replace("{line}", where).replace("{detail}", detail), next_step)
