"""Lists on which there may be people whom PinConnect has not put there: its ledgers do not know who is on those."""

from django.db.models import Exists, OuterRef, Q

from audiences.models import Audience, Delivery, Drift, DriftKind
from audiences.querysets import AudienceQuerySet
from pinconnect.workspaces.models import Workspace


def count(workspace: Workspace) -> int:
    """How many lists there are whose other members nobody here knows; one that is gone has none."""
    return _possible(Audience.objects.for_workspace(workspace)).exclude(list_state="GONE").count()


def may_be_on(audience: Audience) -> bool:
    """Whether somebody may be on the list who is not in its ledger."""
    return _possible(Audience.objects.filter(pk=audience.pk)).exists()


def _possible(lists: AudienceQuerySet) -> AudienceQuerySet:
    """Those that others have filled or write to, as far as that was seen, and that a delivery was published to.

    A draft has not written to its list, and nobody has asked for that yet.
    """
    published = Delivery.objects.filter(audience=OuterRef("pk"), published_at__isnull=False)
    written = Drift.objects.filter(audience=OuterRef("pk"), kind=DriftKind.WRITTEN)
    return lists.filter(Exists(published), Q(is_existing=True) | Q(is_shared=True) | Exists(written))
