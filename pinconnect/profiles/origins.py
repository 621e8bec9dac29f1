"""Through what a profile came, if no member connected it. Features above register, so profiles need not know them."""

from collections.abc import Callable
from dataclasses import dataclass

from pinconnect.profiles.models import Profile


@dataclass(frozen=True)
class Origin:
    """label: continues "Connected by …"; url: a page about it."""

    label: str
    url: str


_readers: dict[str, Callable[[Profile], Origin | None]] = {}


def register(name: str, reader: Callable[[Profile], Origin | None]) -> None:
    _readers[name] = reader


def of(profile: Profile) -> Origin | None:
    """Where the present grant came from; None when a member connected it, or nobody knows any more."""
    if profile.connected_by is not None:
        return None
    found = (_readers[name](profile) for name in sorted(_readers))
    return next((origin for origin in found if origin is not None), None)
