"""A Pinterest ad account as this workspace knows it, and which profile reaches it with which permissions."""

from typing import Any, ClassVar

from django.db import models
from django.utils import timezone

from pinconnect.profiles import permissions
from pinconnect.profiles.models.profile import Profile
from pinconnect.profiles.querysets import AdAccountQuerySet
from pinconnect.workspaces.models import WorkspaceOwned


class AdAccount(WorkspaceOwned):
    pinterest_id = models.CharField(max_length=18)
    name = models.CharField(max_length=256, blank=True)
    owner_username = models.CharField(max_length=100, blank=True)
    country = models.CharField(max_length=2, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    files_refused_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When Pinterest last refused to take files of records."
    )
    is_chosen = models.BooleanField(default=False, help_text="Offered when a delivery is set up.")

    objects: ClassVar[Any] = AdAccountQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pinterest_id"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "pinterest_id"], name="ad_account_once_per_workspace")
        ]

    def __str__(self) -> str:
        return self.name or self.pinterest_id


class AdAccountAccess(models.Model):
    """One profile's reach to one ad account, as Pinterest listed it last."""

    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="accesses")
    ad_account = models.ForeignKey(AdAccount, on_delete=models.CASCADE, related_name="accesses")
    permissions = models.JSONField(default=list, blank=True)
    can_write_lists = models.BooleanField(default=False, help_text="One of the permissions allows customer lists.")
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["profile", "ad_account"], name="access_once_per_profile")]

    def __str__(self) -> str:
        return f"{self.profile} reaches {self.ad_account}"

    @property
    def roles(self) -> list[str]:
        return permissions.in_words(self.permissions)

    @property
    def is_usable(self) -> bool:
        return self.can_write_lists and self.profile.is_usable and self.profile.has_all_scopes
