"""One pass over every byte of a file: unpacked, decoded and counted, in bounded memory.

What another reader could stumble over (another encoding, mixed line ends, blank lines or "sep=;" at the top) is taken
out by writing a clean copy; a file in UTF-8 that is plain already is read where it is.
"""

from __future__ import annotations

import codecs
import gzip
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pinconnect.datasets.examination import encodings, magic
from pinconnect.datasets.examination.results import Asked, Limits, RefusedError, Scan

CHUNK_BYTES = 1 << 20
_HEAD_BYTES = 1 << 20
# Rows of customers shrink to a fifth or so, never to a hundredth.
_MAX_RATIO = 200
_RATIO_FROM_BYTES = 200_000_000
_NOTHING = " \t,;|\"'"
_SEPARATOR_LINE = re.compile(r'^"?sep=(.)"?$', re.IGNORECASE)
# A file that ends in more blank lines than this is told to have fewer of them.
_TAIL_BYTES = 1 << 16


@dataclass
class _Counts:
    """Line ends so far. A CR at the end of a chunk is counted once it is known what follows."""

    newlines: int = 0
    returns: int = 0
    pairs: int = 0
    size: int = 0
    last: bytes = b""
    tail: bytes = b""

    def add(self, data: bytes) -> None:
        if not data:
            return
        self.newlines += data.count(b"\n")
        self.returns += data.count(b"\r")
        self.pairs += data.count(b"\r\n") + (self.last == b"\r" and data[:1] == b"\n")
        self.size += len(data)
        self.last = data[-1:]
        content = data.rstrip(b"\r\n")
        self.tail = data[len(content) :] if content else (self.tail + data)[-_TAIL_BYTES:]

    @property
    def is_plain(self) -> bool:
        """Only LF, or only CRLF."""
        return self.returns == self.pairs and self.pairs in (0, self.newlines)

    @property
    def is_old_mac(self) -> bool:
        return self.newlines == 0 and self.returns > 0

    @property
    def lines(self) -> int:
        ends, end = (self.returns, b"\r") if self.is_old_mac else (self.newlines, b"\n")
        return ends + (self.size > 0 and self.last != end)

    @property
    def blank_at_end(self) -> int:
        """How many lines at the end are empty."""
        return max(0, self.tail.count(b"\r" if self.is_old_mac else b"\n") - 1)


def scan(path: Path, name: str, work: Path, asked: Asked, limits: Limits) -> Scan:
    """Find compression and encoding, try them on the whole file, and make a clean copy in work if one is needed.

    name: as uploaded; only used to notice that it promises something else. Raises RefusedError.
    """
    compression = _compression(path, name)
    head = _head(path, compression)
    _refuse_foreign(head, asked)
    encoding = asked.encoding or encodings.guess(head)
    try:
        counts = _count(path, compression, encoding, limits)
    except _UndecodableError as error:
        if asked.encoding or not encodings.is_utf8(encoding):
            raise RefusedError("encoding_wrong", line=error.line, detail=encodings.label(encoding)) from None
        if encodings.is_damaged_utf8(error.near):
            raise RefusedError("utf8_damaged", line=error.line) from None
        encoding = encodings.legacy(error.near)
        counts = _count_or_refuse(path, compression, encoding, limits)
    skipped = _lines_to_skip(head, encoding)
    if encodings.is_utf8(encoding) and counts.is_plain and not skipped:
        return Scan(path, False, compression, encoding, counts.lines, 0, counts.size, counts.blank_at_end)
    copy = work / "clean.csv"
    _write_copy(path, compression, encoding, copy, skipped, old_mac=counts.is_old_mac)
    lines = counts.lines - skipped
    return Scan(copy, True, compression, encoding, lines, skipped, counts.size, counts.blank_at_end)


def read_head(source: Path, compression: str, size: int) -> str:
    """The first characters of what scan() found, which is UTF-8; a character cut in two at the end is left out."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    return decoder.decode(_head(source, compression, size))


class _UndecodableError(Exception):
    def __init__(self, line: int, near: bytes) -> None:
        super().__init__(line)
        self.line = line
        self.near = near


def _compression(path: Path, name: str) -> str:
    with path.open("rb") as file:
        first = file.read(len(magic.GZIP))
    if not first:
        raise RefusedError("empty")
    if magic.is_gzip(first):
        return "gzip"
    if name.lower().endswith((".gz", ".gzip")):
        raise RefusedError("not_gzip")
    return ""


def chunks(path: Path, compression: str) -> Iterator[bytes]:
    """The unpacked bytes, a chunk at a time. Raises RefusedError when the archive is damaged or cut off."""
    with gzip.open(path, "rb") if compression else path.open("rb") as file:
        while True:
            try:
                data = file.read(CHUNK_BYTES)
            except EOFError:
                raise RefusedError("gzip_cut_off") from None
            except (zlib.error, gzip.BadGzipFile):
                raise RefusedError("gzip_damaged") from None
            if not data:
                return
            yield data


def _head(path: Path, compression: str, size: int = _HEAD_BYTES) -> bytes:
    head = b""
    for chunk in chunks(path, compression):
        head += chunk
        if len(head) >= size:
            break
    return head[:size]


def _refuse_foreign(head: bytes, asked: Asked) -> None:
    if not head:
        raise RefusedError("empty")
    if magic.is_gzip(head):
        raise RefusedError("not_rows", detail="an archive inside an archive")
    foreign = magic.foreign_type(head)
    if foreign:
        raise RefusedError("not_rows", detail=foreign)
    wide = (asked.encoding or encodings.guess(head)).startswith(("utf-16", "utf-32"))
    if not wide and magic.looks_binary(head):
        raise RefusedError("not_rows", detail="a binary file")


def _count_or_refuse(path: Path, compression: str, encoding: str, limits: Limits) -> _Counts:
    try:
        return _count(path, compression, encoding, limits)
    except _UndecodableError as error:
        raise RefusedError("encoding_wrong", line=error.line, detail=encodings.label(encoding)) from None


def _count(path: Path, compression: str, encoding: str, limits: Limits) -> _Counts:
    """Decode everything strictly. Raises RefusedError for a bomb or a NUL, _UndecodableError for a wrong encoding."""
    counts, expanded, packed = _Counts(), 0, path.stat().st_size
    for data in _decoded(path, compression, encoding, counts):
        expanded += len(data)
        too_dense = expanded > _RATIO_FROM_BYTES and expanded > packed * _MAX_RATIO
        if expanded > limits.expanded_bytes or (compression and too_dense):
            raise RefusedError("expands_too_far")
        if b"\x00" in data:
            line = counts.newlines + data[: data.index(b"\x00")].count(b"\n") + 1
            raise RefusedError("nul_bytes", line=line)
        counts.add(data)
    if counts.size == 0:
        raise RefusedError("empty")
    return counts


def _decoded(path: Path, compression: str, encoding: str, counts: _Counts | None = None) -> Iterator[bytes]:
    """The text as UTF-8 bytes, a chunk at a time, without a byte order mark where it was not UTF-8 before."""
    decoder = codecs.getincrementaldecoder(encoding)()
    keep = encodings.is_utf8(encoding)
    data = b""
    try:
        for data in chunks(path, compression):
            text = decoder.decode(data)
            yield data if keep else text.encode("utf-8", "surrogatepass")
        rest = decoder.decode(b"", final=True)
        if rest and not keep:
            yield rest.encode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        before = counts.newlines if counts else 0
        ends = error.object[: error.start].count(b"\n")
        near = data[max(0, error.start - 65_536) : error.start + 65_536]
        raise _UndecodableError(before + ends + 1, near) from None


def _lines_to_skip(head: bytes, encoding: str) -> int:
    """How many lines at the top hold nothing but delimiters and blanks, or Excel's "sep=;"."""
    text = codecs.getincrementaldecoder(encoding)("replace").decode(head).lstrip("\ufeff")
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text)):
        if line.strip(_NOTHING) and not (number == 0 and _SEPARATOR_LINE.match(line.strip())):
            return number
    raise RefusedError("empty")


def asked_separator(path: Path, compression: str, encoding: str) -> str:
    """The delimiter that a "sep=;" line at the top names; "" when there is none."""
    head = codecs.getincrementaldecoder(encoding)("replace").decode(_head(path, compression, 64)).lstrip("\ufeff")
    found = _SEPARATOR_LINE.match(re.split(r"[\r\n]", head)[0].strip(" "))
    return found.group(1) if found else ""


def _write_copy(path: Path, compression: str, encoding: str, copy: Path, skip: int, *, old_mac: bool) -> None:
    """Write UTF-8 with LF. A CR on its own ends a line in a file that has no LF, and is a blank otherwise."""
    with copy.open("wb") as out:
        held, first = b"", True
        for data in _decoded(path, compression, encoding):
            if first:
                data, first = data.removeprefix(codecs.BOM_UTF8), False
            data = held + data
            held = b"\r" if data.endswith(b"\r") else b""
            data = data[: len(data) - len(held)].replace(b"\r\n", b"\n").replace(b"\r", b"\n" if old_mac else b" ")
            while skip and b"\n" in data:
                data, skip = data.partition(b"\n")[2], skip - 1
            if not skip:
                out.write(data)
        out.write(b"\n" if held else b"")
