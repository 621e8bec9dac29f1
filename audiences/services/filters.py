"""Which rows a delivery takes: set and changed, while it is set up and later."""

from django.db import transaction

from audiences.filtering.conditions import FilterError, RowFilter, check, check_mapped
from audiences.filtering.editor import stamp
from audiences.models import Delivery
from audiences.services.refusals import ServiceRefusal
from audiences.states import DeliveryState
from pinconnect.workspaces import audit
from pinconnect.workspaces.models import User


def set_filter(
    delivery: Delivery, *, by: User | None, row_filter: RowFilter | None, seen: str | None = None
) -> Delivery:
    """Change which rows are taken, from the next run on: a run under way has pinned its own.

    seen: the stamp of the filter that was changed; another one by now is refused. Raises ServiceRefusal.
    """
    with transaction.atomic():
        current = Delivery.objects.select_for_update(of=("self",)).select_related("dataset").get(pk=delivery.pk)
        if current.state == DeliveryState.ARCHIVED:
            raise ServiceRefusal("archived", name=current.name)
        if seen is not None and seen != stamp(current):
            raise ServiceRefusal("filter_changed")
        wanted = {}
        if row_filter is not None:
            try:
                found = check(row_filter, list(current.dataset.columns.values_list("name", flat=True)))
                check_mapped(found, current.columns.all())
                wanted = found.to_json()
            except FilterError as error:
                raise ServiceRefusal("filter_refused", sentence=error.sentence) from error
        if wanted != current.row_filter:
            current.row_filter = wanted
            current.save(update_fields=["row_filter"])
            audit.record("delivery.changed", current, workspace=current.workspace, by=by, what="rows")
    return current
