"""One dataset delivered as several audiences, one for each value of a column."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from audiences.querysets import SplitQuerySet
from pinconnect.datasets.models import Dataset
from pinconnect.workspaces.models import WorkspaceOwned


class Split(WorkspaceOwned):
    """What its deliveries have in common; each of them is an ordinary delivery with a filter of its own."""

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="splits")
    column = models.CharField(max_length=200)
    name = models.CharField(max_length=120, help_text="Stands for {name} in the pattern.")
    pattern = models.CharField(max_length=120, help_text="How its deliveries are called, with {name} and {value}.")
    base_filter = models.JSONField(default=dict, blank=True, help_text="Conditions that all of its deliveries share.")
    request_key = models.CharField(max_length=40, editable=False, help_text="Of the form that asked for it.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[Any] = SplitQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [models.UniqueConstraint(fields=["workspace", "request_key"], name="split_once_per_request")]

    def __str__(self) -> str:
        return f"{self.name} by {self.column}"
