"""A customer list and its audience on Pinterest, in one ad account, with the ledger of what was delivered."""

from typing import Any, ClassVar

from django.db import models
from django.utils import timezone

from audiences.querysets import AudienceQuerySet
from pinconnect.profiles.models import AdAccount
from pinconnect.workspaces.models import WorkspaceOwned


class Audience(WorkspaceOwned):
    """Pinterest's ids are empty until its objects exist. The ledger is a folder in storage, known by its version."""

    ad_account = models.ForeignKey(AdAccount, on_delete=models.PROTECT, related_name="audiences")
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True, max_length=1000)
    list_type = models.CharField(max_length=20, blank=True)
    customer_list_name = models.CharField(max_length=250, blank=True)
    customer_list_id = models.CharField(max_length=30, blank=True)
    audience_name = models.CharField(max_length=250, blank=True)
    audience_id = models.CharField(max_length=30, blank=True)
    is_existing = models.BooleanField(
        default=False, help_text="The list was on Pinterest before PinConnect wrote to it."
    )
    # What stood at Pinterest before we asked it to create something: an unanswered create is looked up behind it.
    list_create_after_id = models.CharField(max_length=30, blank=True, editable=False)
    list_create_asked_at = models.DateTimeField(null=True, blank=True, editable=False)
    list_looked_up_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="And it was not there.")
    list_create_records = models.PositiveIntegerField(null=True, blank=True, editable=False)
    audience_create_after_id = models.CharField(max_length=30, blank=True, editable=False)
    audience_create_asked_at = models.DateTimeField(null=True, blank=True, editable=False)
    audience_looked_up_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="And it was not there."
    )
    # Only its holder may create something at Pinterest for this audience, or look up what an unanswered call created.
    lease_token = models.CharField(max_length=40, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    ledger_version = models.PositiveIntegerField(default=0, editable=False, help_text="0: nothing delivered yet.")
    ledger_reserved = models.PositiveIntegerField(
        default=0, editable=False, help_text="Newest version number given out; every attempt to settle takes a new one."
    )
    pruned_version = models.PositiveIntegerField(default=0, editable=False)
    ledger_members = models.JSONField(
        default=dict, blank=True, editable=False, help_text="Distinct digests by wire kind."
    )
    takes_other_hashes = models.BooleanField(
        default=False, editable=False, help_text="MD5 or SHA-1 may be on it, so a person is looked for by them as well."
    )
    list_state = models.CharField(max_length=20, blank=True, help_text="Pinterest's state of the customer list.")
    audience_state = models.CharField(max_length=30, blank=True, help_text="Pinterest's state of the audience.")
    size = models.BigIntegerField(null=True, blank=True, help_text="Pinterest's size of the audience.")
    # One such answer proves nothing; a second one, a minute later, does.
    list_missing_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When Pinterest first said that it does not know the list."
    )
    audience_missing_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When Pinterest first said that it does not know the audience."
    )
    observed_at = models.DateTimeField(null=True, blank=True)
    observe_at = models.DateTimeField(null=True, blank=True, help_text="When Pinterest is asked for its state again.")
    hinted_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="When the queue was last told.")
    settled_at = models.DateTimeField(null=True, blank=True, help_text="When the list last changed through us.")
    is_shared = models.BooleanField(
        default=False, help_text="Others may write to the list: nobody is told when they do."
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[Any] = AudienceQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        indexes = [models.Index(fields=["observe_at"])]
        constraints = [
            models.UniqueConstraint(
                fields=["ad_account", "customer_list_id"],
                condition=~models.Q(customer_list_id=""),
                name="audience_once_per_customer_list",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def member_count(self) -> int:
        """Distinct identifiers on the list, as far as Pinterest acknowledged them to us."""
        return sum(self.ledger_members.values())
