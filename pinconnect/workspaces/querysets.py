"""Reads that every workspace-owned model shares."""

from typing import Any, Self

from django.db import models


class WorkspaceOwnedQuerySet(models.QuerySet[Any]):
    """Start every read of a page here: whatever belongs to another workspace does not exist."""

    def for_workspace(self, workspace: Any) -> Self:
        return self.filter(workspace=workspace)
