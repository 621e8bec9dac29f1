"""Every address of the URLconf, for guards that walk it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from pinconnect.workspaces.access import declared

# Who answers for these is not us; what they must keep from strangers is asserted apart.
FOREIGN = ("account_", "mfa_", "usersessions_")


@dataclass(frozen=True)
class Route:
    name: str
    path: str
    arguments: frozenset[str]
    view: Any

    @property
    def declared(self) -> str | None:
        return declared(self.view)

    @property
    def is_admin(self) -> bool:
        return self.path.startswith("admin/")

    @property
    def is_foreign(self) -> bool:
        return self.name.startswith(FOREIGN)

    @property
    def is_ours(self) -> bool:
        return not self.is_admin and not self.is_foreign


def all_routes() -> list[Route]:
    return list(_walk(get_resolver().url_patterns, "", (), frozenset()))


def _walk(
    patterns: list[URLPattern | URLResolver], path: str, namespaces: tuple[str, ...], arguments: frozenset[str]
) -> Iterator[Route]:
    for pattern in patterns:
        here = path + str(pattern.pattern)
        takes = arguments | set(pattern.pattern.converters) | set(pattern.pattern.regex.groupindex)
        if isinstance(pattern, URLResolver):
            inside = (*namespaces, pattern.namespace) if pattern.namespace else namespaces
            yield from _walk(pattern.url_patterns, here, inside, takes)
        else:
            yield Route(":".join((*namespaces, pattern.name or "")), here, takes, pattern.callback)
