"""The listener behind every test hears what must not be logged."""

import logging

from tests.conftest import Eavesdropper


def line(listener: Eavesdropper, message: str, *arguments: object) -> None:
    listener.handle(logging.LogRecord("audiences", logging.INFO, "", 1, message, arguments, None))


def test_redacted_lines_pass() -> None:
    listener = Eavesdropper()

    line(listener, "Token pina_abcdefghijkl of member00001@example.com")

    assert listener.count == 1
    assert not listener.heard


def test_without_the_filter_each_kind_of_secret_is_heard() -> None:
    listener = Eavesdropper()
    listener.filters.clear()

    line(listener, "%s", "pina_abcdefghijkl")
    line(listener, "member00001@example.com was refused")
    line(listener, "digest %s", "ab" * 32)
    line(listener, "Run 12 is done.")

    assert listener.count == 4
    assert len(listener.heard) == 3
