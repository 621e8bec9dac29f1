"""What depends on a profile. Features above register a reader, so that profiles need not know them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pinconnect.profiles.models import Profile


@dataclass(frozen=True)
class Usage:
    """One thing that a profile is used for. last_written_at: when something was last sent with it, if ever.

    on_loss: what becomes of it when the profile goes, a sentence without its end: "stops".
    """

    label: str
    audience: str
    ad_account: str
    state: str
    url: str
    last_written_at: datetime | None
    on_loss: str = "stops"


_readers: dict[str, Callable[[Profile], list[Usage]]] = {}


def register(name: str, reader: Callable[[Profile], list[Usage]]) -> None:
    _readers[name] = reader


def of(profile: Profile) -> list[Usage]:
    """Everything that uses the profile, by label."""
    found = [usage for name in sorted(_readers) for usage in _readers[name](profile)]
    return sorted(found, key=lambda usage: usage.label.casefold())
