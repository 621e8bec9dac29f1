"""Bring each source into a form the data engine can read, and know how many lines it has to account for."""

from __future__ import annotations

import codecs
import errno
import gzip
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from audiences.pipeline.plan import DiskFull, Source, SourceBroken

_CHUNK = 1 << 20
_NEWLINES = b"\r\n"


@dataclass(frozen=True)
class Readable:
    """A plain UTF-8 file. number: 1-based. positions: of the columns that are read among the fields.

    counted: its lines, where it had to be written anew and they were counted meanwhile.
    """

    path: Path
    source: Source
    number: int
    positions: tuple[int, ...]
    counted: int | None = None

    def lines(self, check: Callable[[], None]) -> int:
        """Physical lines with content up to the last one, header included. check: as in open_source."""
        if self.counted is not None:
            return self.counted
        counter = LineCounter()
        with self.path.open("rb") as raw:
            for chunk in _chunks(raw, check):
                counter.add(chunk)
        return counter.lines


class LineCounter:
    """Counts lines over chunks of bytes. LF, CR LF and lone CR end a line; empty lines at the very end do not count."""

    def __init__(self) -> None:
        self._ends = 0
        self._ends_at_tail = 0
        self._last = b""
        self._any = False

    def add(self, chunk: bytes) -> None:
        """Take the next bytes of the file."""
        if not chunk:
            return
        # A CR LF that was cut in two is one end.
        ends = self._count(chunk) - (self._last == b"\r" and chunk.startswith(b"\n"))
        self._ends += ends
        size = len(chunk.rstrip(_NEWLINES)) if chunk.endswith((b"\n", b"\r")) else len(chunk)
        if size:
            self._any = True
            self._ends_at_tail = self._count(chunk[size:])
        else:
            self._ends_at_tail += ends
        self._last = chunk[-1:]

    @staticmethod
    def _count(text: bytes) -> int:
        # Looking for one is ten times as fast as counting none.
        returns = text.count(b"\r") if b"\r" in text else 0
        return text.count(b"\n") + (returns - text.count(b"\r\n") if returns else 0)

    @property
    def lines(self) -> int:
        """Lines with content, and the empty ones between them."""
        return self._ends - self._ends_at_tail + 1 if self._any else 0


def open_source(
    source: Source, number: int, columns: tuple[str, ...], folder: Path, check: Callable[[], None]
) -> Readable:
    """Find the columns of these names, decompress and decode into folder where needed.

    check is called now and then and may raise. Raises SourceBroken and DiskFull.
    """
    positions = tuple(_position(source, number, name) for name in columns)
    encoding = _encoding(source, number)
    path, counted = source.path, None
    try:
        with _opened(source) as raw:
            if encoding != "utf-8" or source.format.compression:
                path = folder / f"input-{number}.csv"
                counted = _rewrite(raw, encoding, path, check)
    except FileNotFoundError:
        raise SourceBroken("source_missing", source=number) from None
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise SourceBroken("source_unreadable", source=number) from None
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull("There is no room left on the disk for preparing this run.") from None
        raise
    return Readable(path, source, number, positions, counted)


def _position(source: Source, number: int, name: str) -> int:
    try:
        return source.format.columns.index(name)
    except ValueError:
        raise SourceBroken("column_missing", source=number, detail=name) from None


def _encoding(source: Source, number: int) -> str:
    """Python's own name of the encoding; a UTF-8 mark at the start is skipped by the readers."""
    try:
        name = codecs.lookup(source.format.encoding).name
    except LookupError:
        raise SourceBroken("unknown_encoding", source=number) from None
    return "utf-8" if name in ("utf-8", "ascii", "utf-8-sig") else name


def _opened(source: Source) -> BinaryIO:
    if source.format.compression == "gzip":
        return gzip.open(source.path, "rb")  # type: ignore[return-value]
    return source.path.open("rb")


def _chunks(raw: BinaryIO, check: Callable[[], None]) -> Iterator[bytes]:
    while chunk := raw.read(_CHUNK):
        check()
        yield chunk


def _rewrite(raw: BinaryIO, encoding: str, path: Path, check: Callable[[], None]) -> int:
    """Write the text as UTF-8 and count its lines. Bytes that do not fit become U+FFFD, which the rules refuse."""
    counter = LineCounter()
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    with path.open("wb") as out:
        for chunk in _chunks(raw, check):
            text = chunk if encoding == "utf-8" else decoder.decode(chunk).encode("utf-8", errors="replace")
            counter.add(text)
            out.write(text)
        if encoding != "utf-8":
            rest = decoder.decode(b"", final=True).encode("utf-8", errors="replace")
            counter.add(rest)
            out.write(rest)
    return counter.lines
