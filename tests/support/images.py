"""Small real pictures made by hand, whole and broken."""

import struct
import zlib


def png(width: int = 4, height: int = 3, *, extra: tuple[tuple[bytes, bytes], ...] = (), pixels: bytes = b"") -> bytes:
    """A red RGB picture; extra chunks stand before the pixels, and pixels replaces them unpacked."""
    rows = pixels or (b"\0" + b"\xc0\x10\x40" * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), *extra, (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in chunks)


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def jpeg(width: int = 4, height: int = 3, *, extra: tuple[tuple[int, bytes], ...] = (), tail: bytes = b"") -> bytes:
    """The frame of a JPEG with made-up tables and pixels; extra segments come first, tail after the end."""
    frame = struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00"
    segments = (
        *extra,
        (0xDB, b"\0" + b"\1" * 64),
        (0xC0, frame),
        (0xC4, b"\0" + b"\0" * 16),
        (0xDA, b"\1\1\0\0\x3f\0"),
    )
    packed = b"".join(b"\xff" + bytes([marker]) + struct.pack(">H", len(data) + 2) + data for marker, data in segments)
    return b"\xff\xd8" + packed + b"\x12\x34\xff\xd9" + tail
