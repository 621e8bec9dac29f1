"""Which deliveries may write to one customer list.

They share its row and so its ledger, and their runs wait for one another. Who decides who is on the list has to be
alone in that: a mirror beside a delivery that adds would take out what that one put in.
"""

from django.db.models import Q

from audiences.models import Audience, Delivery, Mode
from audiences.services.refusals import ServiceRefusal
from audiences.states import DeliveryState


def check(delivery: Delivery, audience: Audience, *, mode: str = "") -> None:
    """Raises ServiceRefusal unless the delivery may write to the audience's list beside those that do already.

    mode: the delivery's own if left out. The audience's row is locked: of two at once the second one is refused.
    """
    Audience.objects.select_for_update(no_key=True).get(pk=audience.pk)
    mode = mode or delivery.mode
    if mode == Mode.REMOVE:
        return
    live = Delivery.objects.live().filter(audience=audience)
    others = live.exclude(pk=delivery.pk).exclude(mode=Mode.REMOVE).order_by("pk")
    for other in others:
        if other.mode == Mode.MIRROR:
            raise ServiceRefusal("list_shared", other=other.name, list=audience.customer_list_name)
        if mode == Mode.MIRROR:
            raise ServiceRefusal("list_only_added", other=other.name, list=audience.customer_list_name)


def check_mode(delivery: Delivery, mode: str) -> None:
    """Raises ServiceRefusal unless a published delivery may go on in this mode."""
    audience = delivery.audience
    if audience is None:
        return
    if mode == Mode.REMOVE and not audience.customer_list_id:
        raise ServiceRefusal("remove_needs_list", name=delivery.name)
    check(delivery, audience, mode=mode)


def writers(delivery: Delivery) -> list[Delivery]:
    """The other deliveries that write to the same list, by name."""
    if delivery.audience is None:
        return []
    return list(Delivery.objects.live().filter(audience=delivery.audience).exclude(pk=delivery.pk).order_by("name"))


def lock_together(delivery: Delivery) -> list[Delivery]:
    """The delivery and all that are not archived and go into the same list, locked. Call it in a transaction.

    Everybody locks in one order: deliveries, by their ids, then the row of the audience. Whoever held the audience and
    then asked for another delivery of it would wait for the start of a run of that one, which waits for the audience.
    """
    wanted, audience = Q(pk=delivery.pk), Delivery.objects.values_list("audience", flat=True).get(pk=delivery.pk)
    if audience is not None:
        wanted |= Q(audience=audience) & ~Q(state=DeliveryState.ARCHIVED)
    return list(Delivery.objects.select_for_update().filter(wanted).order_by("pk"))


def fillers(delivery: Delivery) -> list[Delivery]:
    """Where a delivery takes people out: the others, by name, whose next run puts whom it finds in its data back."""
    if delivery.mode != Mode.REMOVE:
        return []
    return [other for other in writers(delivery) if other.mode != Mode.REMOVE]
