"""A source in pieces of bounded size, so that what is read of it stays in memory while it is decided about.

A piece ends where a line ends. If that is inside a quoted value, the lines of a piece do not come to as many rows, and
the source is read the careful way: it is just as sure that a line is a row as when the source is read at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from audiences.pipeline.plan import Source
from audiences.pipeline.sources import LineCounter, Text, reading


@dataclass(frozen=True)
class Segment:
    """A piece as a UTF-8 file. has_header: its first line is the header. is_own: to be removed when it has been read.

    share: of the whole source, up to the end of this piece. counted: its lines, if they have been counted.
    """

    path: Path
    has_header: bool
    is_own: bool
    share: float
    counted: int | None = None

    def lines(self, check: Callable[[], None]) -> int:
        """Lines with content up to the last one, header included. check is called now and then and may raise."""
        if self.counted is not None:
            return self.counted
        counter = LineCounter()
        with self.path.open("rb") as text:
            while chunk := text.read(1 << 20):
                check()
                counter.add(chunk)
        return counter.lines


class Segments:
    """Cuts a source into pieces of most bytes, in folder. A plain file that is no larger is its own only piece."""

    def __init__(self, source: Source, number: int, folder: Path, most: int, check: Callable[[], None]) -> None:
        with reading(number):
            self._text = Text(source, number, check)
        self._source, self._number, self._folder, self._most = source, number, folder, most
        self._chunks = self._text.chunks()
        self._rest = b""
        self._given = 0

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

    def _cut(self, path: Path) -> tuple[int, int]:
        """Write a piece; returns its bytes and lines. In all but the last every line counts, also an empty one."""
        counter = LineCounter()
        size = 0
        with path.open("wb") as out:
            # Not by a generator of our own: with it, what it takes from would end.
            for chunk in chain([self._rest], self._chunks):
                end = chunk.rfind(b"\n") + 1 if size + len(chunk) >= self._most else 0
                piece, self._rest = (chunk[:end], chunk[end:]) if end else (chunk, b"")
                counter.add(piece)
                size += out.write(piece)
                if end:
                    return size, counter.ends
        return size, counter.lines
