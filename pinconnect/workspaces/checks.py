"""A production start refuses people and workspaces that a demo made: their passwords are printed on a screen."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError

from pinconnect.workspaces.models import User, Workspace

SENTENCE = (
    "This database holds users or workspaces that a demo made. Point DATABASE_URL to a database of your own, "
    "or start with DEMO=true."
)


def has_demo_data() -> bool:
    """False also where there are no tables yet."""
    try:
        return User.objects.filter(is_demo=True).exists() or Workspace.objects.filter(is_demo=True).exists()
    except DatabaseError:
        return False


def refuse_demo_data() -> None:
    """Raises ImproperlyConfigured when a production start finds the data of a demo."""
    if not settings.DEMO and has_demo_data():
        raise ImproperlyConfigured(SENTENCE)


@register(Tags.database)
def no_demo_data_in_production(
    app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Runs where databases are checked: in migrate, and in check --database default."""
    if not databases or settings.DEMO or not has_demo_data():
        return []
    return [Error(SENTENCE, id="workspaces.E001")]
