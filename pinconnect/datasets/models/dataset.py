"""A named source of rows."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from pinconnect.datasets.querysets import DatasetQuerySet
from pinconnect.workspaces.models import WorkspaceOwned


class Dataset(WorkspaceOwned):
    """Its rows are those of its ready snapshots since (and with) the newest overwriting one."""

    name = models.CharField(max_length=120)
    description = models.TextField(blank=True, max_length=2000)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    archived_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[Any] = DatasetQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "name"], condition=models.Q(archived_at__isnull=True), name="dataset_name_once"
            )
        ]

    def __str__(self) -> str:
        return self.name
