"""A workspace, its members, and the base of everything a workspace owns."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from pinconnect.workspaces.querysets import WorkspaceOwnedQuerySet
from pinconnect.workspaces.roles import Role


class Workspace(models.Model):
    name = models.CharField(max_length=80)
    slug = models.SlugField(max_length=60, unique=True)
    time_zone = models.CharField(
        max_length=64, default="UTC", help_text="Times are shown and schedules run in this zone."
    )
    logo = models.CharField(
        max_length=60,
        blank=True,
        editable=False,
        help_text="Name of its image in the file store; random, so not to be guessed.",
    )
    is_demo = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, through="Membership", related_name="workspaces")

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.VIEWER)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "user"], name="membership_once_per_workspace"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.workspace} ({self.role})"


class WorkspaceOwned(models.Model):
    """Base of every model that belongs to one workspace."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    objects = WorkspaceOwnedQuerySet.as_manager()

    class Meta:
        abstract = True
