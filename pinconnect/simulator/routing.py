"""Which request is which operation, what it needs, and what a handler is given."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property

from pinconnect.simulator.http import Answer, ApiError, Request, invalid
from pinconnect.simulator.tokens import Token
from pinconnect.simulator.world import World

NO_PERMISSION = (
    "Your token does not have sufficient permissions to perform this operation."
    " Please ensure your token is authorized with the correct set of scopes."
)
NOT_PERMITTED = "You are not permitted to access that resource."


@dataclass
class Note:
    """What is written to the log of calls, filled in while the call is served."""

    operation: str = "unknown"
    operation_type: str | None = None
    records: int | None = None
    user: str | None = None
    fault: str | None = None


@dataclass(frozen=True)
class Context:
    """What a handler works with; params are the values in the path, all of digits."""

    world: World
    request: Request
    params: dict[str, str] = field(default_factory=dict)
    token: Token | None = None
    note: Note = field(default_factory=Note)

    @property
    def user(self) -> str:
        """The key of the user whose token this is."""
        if self.token is None:
            raise ApiError(401, 2, "Authentication failed.")
        return self.token.user


Handler = Callable[[Context], Answer]


@dataclass(frozen=True)
class Route:
    """One operation. kinds: the kinds of token it takes; none means that it looks after itself (HTTP Basic)."""

    method: str
    path: str
    operation: str
    category: str
    handler: Handler
    scopes: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ("access",)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The path with a named group for each parameter."""
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path))


def find(routes: Iterable[Route], method: str, path: str) -> tuple[Route, dict[str, str]]:
    """The route and its parameters; 404 for an unknown path, 405 for a known path with another method."""
    allowed: list[str] = []
    for route in routes:
        match = route.pattern.fullmatch(path)
        if match and route.method == method:
            return route, match.groupdict()
        if match:
            allowed.append(route.method)
    if allowed:
        raise ApiError(405, 405, "Method not allowed.", headers={"allow": ", ".join(allowed)})
    raise ApiError(404, 404, "Not found.")


def authorise(route: Route, params: dict[str, str], token: Token | None) -> None:
    """Refuse a missing or wrong kind of token, a missing scope, and path parameters that are no ids."""
    if route.kinds:
        if token is None:
            raise ApiError(401, 2, "Authentication failed.")
        if token.kind not in route.kinds:
            raise ApiError(401, 3, NO_PERMISSION)
        if token.kind != "conversion" and not set(route.scopes) <= set(token.scopes):
            raise ApiError(401, 3, NO_PERMISSION)
    for name, value in params.items():
        if not re.fullmatch(r"[0-9]{1,18}", value):
            raise invalid(rf"'{name}' value '{value}' must match the pattern: ^\d+$")
