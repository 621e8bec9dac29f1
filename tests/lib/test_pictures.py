"""Pictures from strangers: told by what they hold, rebuilt without what does not belong."""

import pytest

from pinconnect.lib.pictures import NotAPictureError, rebuild
from tests.support.images import chunk, jpeg, png


def test_png_keeps_what_it_shows_and_loses_the_rest() -> None:
    noisy = png(extra=((b"tEXt", b"Author\0Jane"), (b"eXIf", b"GPS 52.5 13.4"))) + b"<script>alert(1)</script>"

    picture = rebuild(noisy, longest_side=100)

    assert (picture.extension, picture.width, picture.height) == ("png", 4, 3)
    assert picture.content == png()


def test_jpeg_loses_its_place_its_comment_and_its_tail() -> None:
    noisy = jpeg(extra=((0xE1, b"Exif\0\0GPS"), (0xFE, b"by Jane")), tail=b"<script>")

    picture = rebuild(noisy, longest_side=100)

    assert (picture.extension, picture.width, picture.height) == ("jpg", 4, 3)
    assert picture.content == jpeg()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a\x01\x00\x01\x00",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"\x89PNG\r\n\x1a\n",
        png()[:-12],
        png()[:40] + b"\0" + png()[41:],
        b"\x89PNG\r\n\x1a\n" + chunk(b"IEND", b""),
        png(pixels=b"\0" * 7),
        png(pixels=b"\0" * 5_000),
        b"\xff\xd8\xff",
        jpeg()[:30],
        jpeg()[:-2],
        b"\xff\xd8\xff\xe0\x00\x04\0\0\x00\x00",
    ],
)
def test_what_is_no_whole_picture_is_refused(content: bytes) -> None:
    with pytest.raises(NotAPictureError):
        rebuild(content, longest_side=100)


@pytest.mark.parametrize("content", [png(101, 3), png(3, 101), jpeg(101, 3), jpeg(0, 3)])
def test_sides_have_a_limit(content: bytes) -> None:
    with pytest.raises(NotAPictureError, match="too long"):
        rebuild(content, longest_side=100)


def test_a_bomb_is_not_unpacked() -> None:
    bomb = png(4, 3, pixels=b"\0" * 50_000_000)

    with pytest.raises(NotAPictureError):
        rebuild(bomb, longest_side=100)
