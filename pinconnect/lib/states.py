"""States that move only along a table, and only if nobody else moved first."""

from collections.abc import Mapping
from typing import Any

from django.db import models


class ForbiddenMoveError(Exception):
    """The table of allowed moves has no such move."""


def move(
    queryset: models.QuerySet[Any], *, frm: str, to: str, table: Mapping[str, frozenset[str]], **changes: Any
) -> bool:
    """Move the rows of a queryset from one state to another in one statement; True if exactly one row moved.

    Raises ForbiddenMoveError when the table does not allow it: that is a mistake in the caller, not a race.
    """
    if to not in table[frm]:
        raise ForbiddenMoveError(f"{queryset.model.__name__} may not go from {frm} to {to}.")
    return queryset.filter(state=frm).update(state=to, **changes) == 1
