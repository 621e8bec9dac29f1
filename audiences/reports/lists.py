"""Customer lists that are on Pinterest already, in words for the pages."""

from collections.abc import Sequence
from dataclasses import dataclass

from audiences.models import Delivery, ListedList, Mode
from pinconnect.profiles.models import AdAccount

_TONES = {"READY": "good", "TOO_SMALL": "warn"}
_LABELS = {"READY": "Ready", "TOO_SMALL": "Too small", "PROCESSING": "Matching", "UPLOADING": "Uploading"}
_MEANINGS = {
    Mode.MIRROR: "Pinterest never says who is on a list. PinConnect adds your people, and when they leave the dataset "
    "it removes only people whom PinConnect has added: whoever was on the list before stays.",
    Mode.ADD: "Your people are added to those who are on the list already. Nobody is removed.",
    Mode.REMOVE: "Everybody in the dataset is taken off the list, whoever put them there; the others stay. Later runs "
    "take out only those who came to the dataset since.",
}


@dataclass(frozen=True)
class Row:
    """One list. writers: what other deliveries of the workspace do with it."""

    listed: ListedList
    state: str
    tone: str
    is_chosen: bool
    writers: list[str]


def meaning(mode: str) -> str:
    """What a mode does to a list that others have filled."""
    return _MEANINGS[Mode(mode)]


def rows(found: Sequence[ListedList], account: AdAccount, *, chosen: str, delivery: Delivery) -> list[Row]:
    """The lists of one page, with one question to the database for all of them."""
    ids = [listed.pinterest_id for listed in found]
    writing = Delivery.objects.live().filter(audience__ad_account=account, audience__customer_list_id__in=ids)
    named: dict[str, list[str]] = {}
    for pk, name, mode, list_id in writing.values_list("pk", "name", "mode", "audience__customer_list_id"):
        if pk != delivery.pk:
            named.setdefault(list_id, []).append(f"{name} ({Mode(mode).label.partition(':')[0].lower()})")
    return [
        Row(
            listed,
            _LABELS.get(listed.state, listed.state.replace("_", " ").capitalize() or "Unknown"),
            _TONES.get(listed.state, "neutral"),
            listed.pinterest_id == chosen,
            named.get(listed.pinterest_id, []),
        )
        for listed in found
    ]
