"""A new list in the place of one that is gone from Pinterest, filled again from the data."""

from django.db import transaction

from audiences.models import Audience, Delivery, Mode, Run, Trigger
from audiences.services import runs, sharing
from audiences.services.refusals import ServiceRefusal
from audiences.states import DeliveryState
from pinconnect.alerts.services import resolve_alert
from pinconnect.workspaces import audit
from pinconnect.workspaces.models import User


def is_gone(audience: Audience | None) -> bool:
    """Whether Pinterest has said that it no longer knows the list: when it was last asked, or to the last run."""
    if audience is None or not audience.customer_list_id:
        return False
    if audience.list_state == "GONE":
        return True
    # A profile that had lost its access for a while was told the same: this is taken back once the list was seen again.
    if audience.list_missing_at is None:
        return False
    last = Run.objects.filter(audience=audience, is_dry_run=False, finished_at__isnull=False).order_by("-pk").first()
    return last is not None and last.reason == "list_gone"


def start_over(delivery: Delivery, *, by: User | None) -> Run | None:
    """Give the deliveries of a list that is gone a new one, with a ledger that begins empty, and fill it.

    The old list's row stays with its runs and its history. Returns the run that fills the new list, None while the
    delivery is paused. Raises ServiceRefusal when the list is not gone, or was replaced already.
    """
    with transaction.atomic():
        together = sharing.lock_together(delivery)
        delivery = next(one for one in together if one.pk == delivery.pk)
        if delivery.state not in (DeliveryState.ACTIVE, DeliveryState.PAUSED):
            raise ServiceRefusal(
                "archived" if delivery.state == DeliveryState.ARCHIVED else "still_a_draft", name=delivery.name
            )
        old = Audience.objects.select_for_update(no_key=True).filter(pk=delivery.audience_id).first()
        if old is None or not is_gone(old):
            raise ServiceRefusal("list_not_gone", name=delivery.name)
        if delivery.mode == Mode.REMOVE:
            raise ServiceRefusal("nobody_to_remove", name=delivery.name)
        if Run.objects.active().filter(audience=old, is_dry_run=False).exists():
            raise ServiceRefusal("run_active", name=delivery.name)
        if Delivery.objects.not_archived().filter(audience=old).exclude(pk__in=[one.pk for one in together]).exists():
            # It chose this list while we waited for it, and would stay behind: only what is locked is moved.
            raise ServiceRefusal("list_just_chosen", name=delivery.name)
        new = _successor(old)
        # Whoever only takes people out of the old list has nothing to do on the new one until it is filled.
        Delivery.objects.filter(pk__in=[one.pk for one in together], audience=old).update(audience=new)
        Audience.objects.filter(pk=old.pk).update(list_state="GONE", observe_at=None)
        resolve_alert(old.workspace, "audiences.list_gone", f"audience:{old.pk}")
        audit.record(
            "delivery.list_replaced",
            delivery,
            workspace=delivery.workspace,
            by=by,
            customer_list_id=old.customer_list_id,
        )
        delivery.refresh_from_db()
        if delivery.state == DeliveryState.PAUSED:
            return None
        return runs.start(delivery, by=by, trigger=Trigger.BY_HAND)


def _successor(old: Audience) -> Audience:
    made: Audience = Audience.objects.create(
        workspace=old.workspace,
        ad_account=old.ad_account,
        name=old.name,
        description=old.description,
        customer_list_name=f"Customer List-{old.name}",
        # People may have renamed it, and know it by that.
        audience_name=old.audience_name or f"Audience-{old.name}",
    )
    return made
