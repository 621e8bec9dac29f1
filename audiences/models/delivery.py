"""A delivery: the standing instruction from a dataset to an audience."""

from typing import Any, ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from audiences.models.audience import Audience
from audiences.querysets import DeliveryQuerySet
from audiences.states import DeliveryState
from pinconnect.datasets.models import Dataset
from pinconnect.profiles.models import Profile
from pinconnect.workspaces.models import WorkspaceOwned


class Mode(models.TextChoices):
    MIRROR = "mirror", "Mirror: members that leave the dataset are removed"
    ADD = "add", "Add only: nobody is removed"
    REMOVE = "remove", "Remove only: the dataset's members are taken out"


class Scope(models.TextChoices):
    ALL = "all", "Deliver all data"
    NEW = "new", "Only data written after this delivery was set up"


class Delivery(WorkspaceOwned):
    name = models.CharField(max_length=120)
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="deliveries")
    audience = models.ForeignKey(Audience, on_delete=models.PROTECT, related_name="deliveries", null=True, blank=True)
    profile = models.ForeignKey(Profile, on_delete=models.PROTECT, related_name="deliveries", null=True, blank=True)
    standby = models.ForeignKey(
        Profile,
        on_delete=models.PROTECT,
        related_name="standby_deliveries",
        null=True,
        blank=True,
        help_text="Takes over when Pinterest refuses the profile.",
    )
    mode = models.CharField(max_length=10, choices=Mode.choices, default=Mode.MIRROR)
    scope = models.CharField(max_length=5, choices=Scope.choices, default=Scope.ALL)
    row_filter = models.JSONField(
        default=dict, blank=True, help_text="Conditions on the rows (RowFilter as JSON); empty: all rows."
    )
    split = models.ForeignKey(
        "audiences.Split", on_delete=models.PROTECT, related_name="deliveries", null=True, blank=True
    )
    split_value = models.CharField(max_length=300, blank=True, help_text="In lower case; empty: rows without a value.")
    state = models.CharField(max_length=10, choices=DeliveryState.choices, default=DeliveryState.DRAFT)
    pause_reason = models.CharField(max_length=40, blank=True, help_text="Code; empty when a person paused it.")
    pause_token_version = models.PositiveIntegerField(
        null=True, blank=True, editable=False, help_text="The profile's tokens when Pinterest refused them."
    )
    standby_since = models.DateTimeField(null=True, blank=True, help_text="Since when the standby sends; empty if not.")
    main_refusal = models.CharField(
        max_length=40, blank=True, editable=False, help_text="Code why the standby took over, until that is disproved."
    )
    standby_token_version = models.PositiveIntegerField(
        null=True, blank=True, editable=False, help_text="The standby's tokens when Pinterest refused them."
    )
    hold_share = models.PositiveSmallIntegerField(
        default=30,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text="A run that removes more than this share (%) of the list waits for approval.",
    )
    hold_add_share = models.PositiveIntegerField(
        default=200,
        validators=[MinValueValidator(1), MaxValueValidator(100_000)],
        help_text="A run that adds more than this share (%) of the list waits for approval.",
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    published_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[Any] = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "name"], condition=~models.Q(state="archived"), name="delivery_name_once"
            ),
            models.UniqueConstraint(
                fields=["split", "split_value"],
                condition=models.Q(split__isnull=False) & ~models.Q(state="archived"),
                name="delivery_once_per_split_value",
            ),
            models.CheckConstraint(condition=models.Q(state__in=DeliveryState.values), name="delivery_state_known"),
            models.CheckConstraint(
                condition=~models.Q(standby=models.F("profile")), name="delivery_standby_is_another"
            ),
            models.CheckConstraint(condition=models.Q(mode__in=Mode.values), name="delivery_mode_known"),
        ]

    def __str__(self) -> str:
        return self.name


class DeliveryColumn(models.Model):
    """One column of the dataset, as a kind of identifier, in this delivery."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="columns")
    column = models.CharField(max_length=200, help_text="Name of the dataset's column.")
    kind = models.CharField(max_length=20)
    treatment = models.CharField(max_length=10, default="auto", help_text="auto, plain, hashed, any_hash or e164.")
    default_country = models.CharField(max_length=2, blank=True, help_text="For phone numbers without a country code.")

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["delivery", "column"], name="column_mapped_once")]

    def __str__(self) -> str:
        return f"{self.column} as {self.kind}"
