"""Which customer list of Pinterest's the command line means."""

from django.core.management.base import CommandError
from django.db.models import Q

from audiences.models import Delivery, ListedList
from audiences.services import listing
from pinconnect.profiles.models import AdAccount, Profile

_SHOWN = 20


def list_id_of(account: AdAccount, profile: Profile, text: str, *, delivery: str) -> str:
    """The id of the list with this id, this name, or an audience of this name; Pinterest is asked for all of them.

    delivery: a delivery by name that goes there already, for which Pinterest need not be asked again.
    Raises CommandError with the choices when it is not clear, and ServiceRefusal when Pinterest does not answer.
    """
    same = Delivery.objects.live().filter(
        workspace=account.workspace, name=delivery, audience__ad_account=account, audience__customer_list_id=text
    )
    if same.exists():
        return text
    while listing.read(account, profile).is_reading:
        # An account with thousands of lists takes more than one reading.
        continue
    everything = ListedList.objects.filter(ad_account=account)
    found = list(everything.filter(pinterest_id=text)) or list(everything.filter(Q(name=text) | Q(audience_name=text)))
    if len(found) == 1:
        return str(found[0].pinterest_id)
    known = ", ".join(f"{one.pinterest_id} ({one})" for one in (found or everything)[:_SHOWN])
    if not known:
        raise CommandError(f"There is no customer list in “{account}” yet. Use --audience to make one.")
    asked = f"Several lists are called “{text}”." if found else f"There is no list “{text}” in “{account}”."
    raise CommandError(f"{asked} Use --list-id with one of: {known}.")
