"""The customer lists of an ad account as Pinterest last listed them, so that people can choose one."""

from typing import Any, ClassVar

from django.db import models
from django.utils import timezone

from audiences.querysets import ListedQuerySet
from pinconnect.profiles.models import AdAccount


class ListingStage(models.TextChoices):
    NEVER = "never", "Not read yet"
    LISTS = "lists", "Reading customer lists"
    AUDIENCES = "audiences", "Reading audiences"
    DONE = "done", "Read completely"


class Listing(models.Model):
    """How far the reading of an ad account is: page by page, lists first, and it goes on where it stopped.

    Every reading is a round of its own; what an earlier round found and this one did not goes when it is complete.
    """

    ad_account = models.OneToOneField(AdAccount, on_delete=models.CASCADE, related_name="listing")
    stage = models.CharField(max_length=10, choices=ListingStage.choices, default=ListingStage.NEVER)
    round = models.PositiveIntegerField(default=0, editable=False)
    bookmark = models.TextField(blank=True, editable=False, help_text="Pinterest's word for the page that is next.")
    pages_seen = models.JSONField(default=list, editable=False, help_text="Marks of this stage's bookmarks so far.")
    moved_at = models.DateTimeField(default=timezone.now, editable=False)
    completed_at = models.DateTimeField(null=True, blank=True, help_text="When all of it was last read.")

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(stage__in=ListingStage.values), name="listing_stage")]

    def __str__(self) -> str:
        return f"Customer lists of {self.ad_account}"

    @property
    def is_reading(self) -> bool:
        return self.stage in (ListingStage.LISTS, ListingStage.AUDIENCES)


class ListedList(models.Model):
    """One customer list; of several audiences that are made of it, the one that ads can use, else the newest."""

    ad_account = models.ForeignKey(AdAccount, on_delete=models.CASCADE, related_name="listed_lists")
    pinterest_id = models.CharField(max_length=30)
    number = models.BigIntegerField(default=0, help_text="The id as a number: higher is newer.")
    name = models.CharField(max_length=250)
    state = models.CharField(max_length=20, blank=True)
    uploaded = models.BigIntegerField(default=0, help_text="Records it was ever sent, duplicates included.")
    removed = models.BigIntegerField(default=0, help_text="Records that were ever taken off, strangers included.")
    calls = models.PositiveIntegerField(default=0)
    made_at = models.DateTimeField(null=True, blank=True)
    audience_id = models.CharField(max_length=30, blank=True)
    audience_name = models.CharField(max_length=250, blank=True)
    audience_state = models.CharField(max_length=30, blank=True)
    audience_count = models.PositiveIntegerField(default=0)
    round = models.PositiveIntegerField(default=0, editable=False)

    objects: ClassVar[Any] = ListedQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["ad_account", "pinterest_id"], name="listed_once")]
        indexes = [models.Index(fields=["ad_account", "-number"])]

    def __str__(self) -> str:
        return f"{self.name}, {self.audience_name}" if self.audience_name else self.name
