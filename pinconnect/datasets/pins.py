"""Which snapshots somebody is reading. Features above register a reader, so that datasets need not know them."""

from collections.abc import Callable

_readers: dict[str, Callable[[], set[int]]] = {}


def register(name: str, reader: Callable[[], set[int]]) -> None:
    """reader: the ids of the snapshots that must not be deleted by themselves now."""
    _readers[name] = reader


def pinned() -> set[int]:
    """The ids of all of them."""
    return {pk for reader in _readers.values() for pk in reader()}
