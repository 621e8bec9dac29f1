"""Small pictures from strangers: recognised by what they hold, measured, and rebuilt without anything else."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# What a still picture needs. Text, EXIF, colour profiles and animation are left out.
_PNG_KEPT = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
_PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
# Tables, frame and scan headers, and the two application segments that say how to read the colours.
_JPEG_KEPT = frozenset({0xDB, 0xC0, 0xC1, 0xC2, 0xC4, 0xDD, 0xDA, 0xE0, 0xEE})
_JPEG_FRAMES = frozenset({0xC0, 0xC1, 0xC2})


class NotAPictureError(Exception):
    """Not a PNG or JPEG picture, or a broken one."""


@dataclass(frozen=True)
class Picture:
    """content is the rebuilt file; extension is png or jpg; sides are in pixels."""

    extension: str
    width: int
    height: int
    content: bytes


def rebuild(content: bytes, *, longest_side: int) -> Picture:
    """The same picture with only what is needed to show it. Raises NotAPictureError, also where a side is too long.

    Whatever a file pretends to be by its name or its declared type plays no part.
    """
    try:
        if content.startswith(PNG_SIGNATURE):
            return _png(content, longest_side)
        if content.startswith(b"\xff\xd8\xff"):
            return _jpeg(content, longest_side)
    except (struct.error, IndexError, zlib.error) as broken:
        raise NotAPictureError("The picture is broken.") from broken
    raise NotAPictureError("Neither a PNG nor a JPEG picture.")


def _check(width: int, height: int, longest_side: int) -> None:
    if not 0 < width <= longest_side or not 0 < height <= longest_side:
        raise NotAPictureError("The sides are too long.")


def _png(content: bytes, longest_side: int) -> Picture:
    chunks = list(_png_chunks(content))
    if not chunks or chunks[0][0] != b"IHDR" or chunks[-1][0] != b"IEND":
        raise NotAPictureError("The picture is incomplete.")
    width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", chunks[0][1])
    _check(width, height, longest_side)
    if colour not in _PNG_CHANNELS or interlace not in (0, 1):
        raise NotAPictureError("The picture is broken.")
    row = (width * depth * _PNG_CHANNELS[colour] + 7) // 8 + 1
    # An interlaced picture has seven passes, each with rows of its own.
    most = row * height + (8 * height * 7 if interlace else 0)
    pixels = zlib.decompressobj()
    unpacked = pixels.decompress(b"".join(data for name, data in chunks if name == b"IDAT"), most + 1)
    if not row * height <= len(unpacked) <= most:
        raise NotAPictureError("The picture is broken.")
    kept = b"".join(_png_chunk(name, data) for name, data in chunks if name in _PNG_KEPT)
    return Picture("png", width, height, PNG_SIGNATURE + kept)


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(PNG_SIGNATURE)
    while at < len(content):
        length, name = struct.unpack_from(">I4s", content, at)
        data = content[at + 8 : at + 8 + length]
        (checksum,) = struct.unpack_from(">I", content, at + 8 + length)
        if zlib.crc32(name + data) != checksum:
            raise NotAPictureError("The picture is broken.")
        yield name, data
        if name == b"IEND":
            return
        at += 12 + length


def _png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _jpeg(content: bytes, longest_side: int) -> Picture:
    kept, at, sides = [b"\xff\xd8"], 2, (0, 0)
    while True:
        if content[at] != 0xFF:
            raise NotAPictureError("The picture is broken.")
        marker = content[at + 1]
        (length,) = struct.unpack_from(">H", content, at + 2)
        segment = content[at : at + 2 + length]
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", content, at + 5)
            sides = (width, height)
        if marker in _JPEG_KEPT:
            kept.append(segment)
        elif not (0xE0 <= marker <= 0xEF or marker == 0xFE):
            raise NotAPictureError("This kind of JPEG is not supported.")
        at += 2 + length
        if marker == 0xDA:
            break
    end = content.rfind(b"\xff\xd9")
    if end < at:
        raise NotAPictureError("The picture is incomplete.")
    _check(*sides, longest_side)
    return Picture("jpg", *sides, b"".join((*kept, content[at : end + 2])))
