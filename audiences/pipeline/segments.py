"""A source in pieces of bounded size, so that what is read of it stays in memory while it is decided about.

A piece ends where a line ends. If that is inside a quoted value, the lines of a piece do not come to as many rows, and
the source is read the careful way: it is just as sure that a line is a row as when the source is read at once.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from audiences.pipeline.plan import Source
from audiences.pipeline.sources import LineCounter, Text, reading


@dataclass(frozen=True)
class Segment:
    """A piece as a UTF-8 file. has_header: its first line is the header. is_own: to be removed when it has been read.

    share: of the whole source, up to the end of this piece. counted: its lines, if it was counted when it was made.
    """

    path: Path
    has_header: bool
    is_own: bool
    share: float
    counted: int | None = None


class Segments:
    """Cuts a source into pieces of about most bytes, in folder. A plain file that is no larger is its own only piece.

    check is called now and then and may raise.
    """

    def __init__(self, source: Source, number: int, folder: Path, most: float, check: Callable[[], None]) -> None:
        with reading(number):
            self._text = Text(source, number, check)
        self._source, self._number, self._folder, self._most = source, number, folder, most
        self._chunks = self._text.chunks()
        self._rest = b""
        self._given = 0
        self._counter = LineCounter()

    def __enter__(self) -> Segments:
        return self

    def __exit__(self, *_: object) -> None:
        self._text.__exit__()

    def next(self) -> Segment | None:
        """The next piece; None after the last. There is always a first. Raises SourceBroken and DiskFull."""
        has_header = self._source.format.has_header and not self._given
        self._given += 1
        if self._text.is_plain and self._text.size <= self._most:
            return Segment(self._source.path, has_header, False, 1.0) if self._given == 1 else None
        path = self._folder / f"input-{self._number}-{self._given}.csv"
        with reading(self._number):
            size, lines = self._cut(path)
        if not size and self._given > 1:
            path.unlink()
            return None
        return Segment(path, has_header, True, self._text.share, lines)

    def lines(self, segment: Segment) -> int:
        """Lines of a piece, header included: in the last one up to the last with content, in others empty ones too."""
        if segment.counted is not None:
            return segment.counted
        with reading(self._number):
            for chunk in self._chunks:
                self._counter.add(chunk)
        return self._counter.lines

    def account_for(self, rows: int) -> bool:
        """Whether all pieces together came to as many rows as the whole source has lines.

        In a file of one column the engine makes a row of each empty line, also before the header and at the end, where
        it is none; that could make up for a quoted line break.
        """
        if len(self._source.format.columns) == 1 and self._counter.has_loose_ends:
            return False
        return rows == max(0, self._counter.lines - self._source.format.has_header)

    def _cut(self, path: Path) -> tuple[int, int]:
        """Write a piece; returns its bytes and lines."""
        size, end, before = 0, 0, self._counter.ends
        with path.open("wb") as out:
            # No generator of our own around these: one that ends early closes the one it takes from.
            for chunk in chain([self._rest], self._chunks):
                end = _end_of_line(chunk) if size + len(chunk) >= self._most else 0
                piece, self._rest = (chunk[:end], chunk[end:]) if end else (chunk, b"")
                self._counter.add(piece)
                size += out.write(piece)
                if end:
                    break
        if self._given > 1:
            _keep_mark(path)
        return size, (self._counter.ends if end else self._counter.lines) - before


def _end_of_line(chunk: bytes) -> int:
    """Where the last line of a piece of text ends that is whole; 0 if none is. A CR at the end may be half of one."""
    return chunk.rfind(b"\n") + 1 or chunk.rfind(b"\r", 0, -1) + 1


def _keep_mark(path: Path) -> None:
    """The engine takes a byte order mark off the start of a file. Here it is a part of a value."""
    with path.open("rb") as piece:
        if piece.read(len(codecs.BOM_UTF8)) != codecs.BOM_UTF8:
            return
    path.write_bytes(codecs.BOM_UTF8 + path.read_bytes())
