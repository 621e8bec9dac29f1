"""Bring each source into a form the data engine can read, and know how many lines it has to account for."""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from audiences.pipeline.plan import DiskFull, Source, SourceBroken, is_disk_full

_CHUNK = 1 << 20
_NEWLINES = b"\r\n"


@dataclass(frozen=True)
class Readable:
    """A plain UTF-8 file. number: 1-based. positions: of the columns that are read among the fields."""

    path: Path
    source: Source
    number: int
    positions: tuple[int, ...]


class LineCounter:
    """Counts lines over chunks of bytes. LF, CR LF and lone CR end a line; empty lines at the very end do not count."""

    def __init__(self) -> None:
        self._ends = 0
        self._ends_at_tail = 0
        self._last = b""
        self._any = False
        self._starts_empty = False

    def add(self, chunk: bytes) -> None:
        """Take the next bytes of the file."""
        if not chunk:
            return
        # A CR LF that was cut in two is one end.
        ends = count_ends(chunk) - (self._last == b"\r" and chunk.startswith(b"\n"))
        self._ends += ends
        self._starts_empty |= not self._any and chunk.removeprefix(codecs.BOM_UTF8).startswith((b"\n", b"\r"))
        size = len(chunk.rstrip(_NEWLINES)) if chunk.endswith((b"\n", b"\r")) else len(chunk)
        if size:
            self._any = True
            self._ends_at_tail = count_ends(chunk[size:])
        else:
            self._ends_at_tail += ends
        self._last = chunk[-1:]

    @property
    def ends(self) -> int:
        """Lines that have an end, whether anything is in them or not."""
        return self._ends

    @property
    def has_loose_ends(self) -> bool:
        """Whether there are empty lines at the start or at the end."""
        return self._starts_empty or self._ends_at_tail > 1

    @property
    def lines(self) -> int:
        """Lines with content, and the empty ones between them."""
        return self._ends - self._ends_at_tail + 1 if self._any else 0


def count_ends(text: bytes) -> int:
    """Ends of lines."""
    # Looking for a CR is ten times as fast as counting none.
    returns = text.count(b"\r") if b"\r" in text else 0
    return text.count(b"\n") + (returns - text.count(b"\r\n") if returns else 0)


def open_source(
    source: Source, number: int, columns: tuple[str, ...], folder: Path, check: Callable[[], None]
) -> Readable:
    """Find the columns of these names, decompress and decode into folder where needed.

    check is called now and then and may raise. Raises SourceBroken and DiskFull.
    """
    positions = find_columns(source, number, columns)
    path = source.path
    with reading(number), Text(source, number, check) as text:
        if not text.is_plain:
            path = folder / f"input-{number}.csv"
            with path.open("wb") as out:
                out.writelines(text.chunks())
    return Readable(path, source, number, positions)


@contextmanager
def reading(number: int) -> Iterator[None]:
    """Give what goes wrong with the source of this number its own name."""
    try:
        yield
    except FileNotFoundError:
        raise SourceBroken("source_missing", source=number) from None
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise SourceBroken("source_unreadable", source=number) from None
    except OSError as error:
        if is_disk_full(error):
            raise DiskFull("There is no room left on the disk for preparing this run.") from None
        raise


class Text:
    """The text of a source as UTF-8, while it is open. is_plain: its file is that already."""

    def __init__(self, source: Source, number: int, check: Callable[[], None]) -> None:
        self._encoding = _encoding(source, number)
        self._check = check
        self.is_plain = self._encoding == "utf-8" and not source.format.compression
        self._file = source.path.open("rb")
        self.size = source.path.stat().st_size
        self._raw: BinaryIO | gzip.GzipFile = self._file
        if source.format.compression == "gzip":
            self._raw = gzip.GzipFile(fileobj=self._file)

    def __enter__(self) -> Text:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @property
    def share(self) -> float:
        """How much of the file has been read, roughly; above 0."""
        return max(1, self._file.tell()) / max(1, self.size)

    def chunks(self) -> Iterator[bytes]:
        """In pieces of about a megabyte. Bytes that do not fit become U+FFFD, which the rules refuse by name."""
        if self._encoding == "utf-8":
            yield from self._chunks()
            return
        decoder = codecs.getincrementaldecoder(self._encoding)(errors="replace")
        for chunk in self._chunks():
            yield decoder.decode(chunk).encode("utf-8", errors="replace")
        yield decoder.decode(b"", final=True).encode("utf-8", errors="replace")

    def _chunks(self) -> Iterator[bytes]:
        while chunk := self._raw.read(_CHUNK):
            self._check()
            yield chunk


def sampled_lines(source: Source) -> float:
    """How many lines a source may have, judged by its beginning; 0 if it cannot be read, which is found out later."""
    try:
        with Text(source, 0, lambda: None) as text:
            start = next(text.chunks(), b"")
            return count_ends(start) / text.share
    except (OSError, EOFError, zlib.error, SourceBroken):
        return 0.0


def find_columns(source: Source, number: int, columns: tuple[str, ...]) -> tuple[int, ...]:
    """The positions of the columns of these names among the fields."""
    return tuple(_position(source, number, name) for name in columns)


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
