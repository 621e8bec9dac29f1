"""A delivery into a customer list that is on Pinterest already."""

from django.db import IntegrityError, transaction

from audiences.models import Audience, Delivery, ListedList
from audiences.services import sharing
from audiences.services.drafts import check_target, locked_draft, own_audience
from audiences.services.refusals import ServiceRefusal
from pinconnect.profiles.models import AdAccount
from pinconnect.workspaces import audit
from pinconnect.workspaces.models import User

_PREFIX = "Customer List-"


def choose(delivery: Delivery, *, by: User | None, ad_account: AdAccount, list_id: str) -> Delivery:
    """Deliver into a list that Pinterest has listed for the ad account; its audience is taken, or made by a run.

    There is one row for a list, so that every delivery into it works with the same ledger. Nothing is sent.
    Raises ServiceRefusal for a list that was not listed, and where another delivery decides who is on it.
    """
    with transaction.atomic():
        draft = locked_draft(delivery)
        check_target(draft.profile, ad_account)
        listed = ListedList.objects.filter(ad_account=ad_account, pinterest_id=list_id).first()
        if listed is None:
            raise ServiceRefusal("list_not_listed", ad_account=ad_account)
        audience = _row(draft, ad_account, listed)
        sharing.check(draft, audience)
        draft.audience = audience
        draft.save(update_fields=["audience"])
        audit.record(
            "delivery.changed", draft, workspace=draft.workspace, by=by, what="audience", customer_list_id=list_id
        )
    return draft


def _row(draft: Delivery, ad_account: AdAccount, listed: ListedList) -> Audience:
    rows = Audience.objects.filter(ad_account=ad_account, customer_list_id=listed.pinterest_id)
    known = rows.first()
    if known is not None:
        return known
    # What the draft had named for a new list was never made, so its row serves the chosen one.
    audience = own_audience(draft) or Audience(workspace=draft.workspace)
    stem = listed.name.removeprefix(_PREFIX) or listed.name or listed.pinterest_id
    audience.ad_account, audience.name, audience.description = ad_account, stem[:200], ""
    audience.customer_list_id, audience.customer_list_name = listed.pinterest_id, listed.name
    audience.audience_id = listed.audience_id
    audience.audience_name = listed.audience_name or f"Audience-{stem}"[:250]
    audience.list_state, audience.audience_state = listed.state, listed.audience_state
    # Pinterest does not say of which kind a list is.
    audience.is_existing, audience.list_type = True, ""
    try:
        with transaction.atomic():
            audience.save()
    except IntegrityError:
        # Somebody else has chosen it in this moment.
        winner: Audience = rows.get()
        return winner
    return audience
