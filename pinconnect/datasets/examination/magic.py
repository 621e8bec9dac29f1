"""What a file is by its first bytes, whatever its name says."""

from __future__ import annotations

import codecs
import re

GZIP = b"\x1f\x8b"

# (first bytes, what people call it). None of these can be read as rows of text.
_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel or Word file (.xls, .doc)"),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"GIF8", "a picture (GIF)"),
    (b"PAR1", "a Parquet file"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive (.zst)"),
    (b"BZh", "a bzip2 archive (.bz2)"),
    (b"\xfd7zXZ\x00", "an xz archive (.xz)"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive (.7z)"),
    (b"Rar!", "a RAR archive"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"Obj\x01", "an Avro file"),
    (b"ORC", "an ORC file"),
    (b"{\\rtf", "a text document (RTF)"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
)
_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_MARKUP = re.compile(rb"<(?:!doctype|html|\?xml|head|body|table)", re.IGNORECASE)
_JSON = re.compile(rb'(?:\[\s*)?\{\s*"[^"\r\n]{0,200}"\s*:')
# A text holds tabs, line ends and form feeds; other control characters are the mark of a binary file.
_CONTROLS = bytes(code for code in range(32) if code not in (9, 10, 12, 13))
_MAX_CONTROL_SHARE = 0.02


def is_gzip(head: bytes) -> bool:
    """Whether the file is gzip-compressed, by its first bytes."""
    return head.startswith(GZIP)


def foreign_type(head: bytes) -> str:
    """What the file is, in words, when it is certainly not rows of text; else "". Takes its first 64 KB or so."""
    if head.startswith((_ZIP, _EMPTY_ZIP)):
        return _inside_zip(head)
    for signature, words in _SIGNATURES:
        if head.startswith(signature):
            return words
    text = head.removeprefix(codecs.BOM_UTF8).lstrip()
    if _MARKUP.match(text):
        return "a web page or XML"
    if _JSON.match(text):
        return "JSON"
    return ""


def looks_binary(head: bytes) -> bool:
    """Whether a head that is not UTF-16 holds too many control characters to be text."""
    controls = len(head) - len(head.translate(None, _CONTROLS))
    return controls > max(1, len(head) * _MAX_CONTROL_SHARE)


def _inside_zip(head: bytes) -> str:
    if b"xl/" in head or b"[Content_Types].xml" in head:
        return "an Excel workbook (.xlsx)"
    if b"opendocument.spreadsheet" in head:
        return "an OpenDocument spreadsheet (.ods)"
    return "a ZIP archive"
