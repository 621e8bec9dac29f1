"""The list and the audience at Pinterest: each is created once, by one worker, even when Pinterest does not answer.

Before a creation is asked for, the newest id at Pinterest is written down. If no answer comes, whatever is newer and
fits is looked for. Only two complete listings without it, some time apart, allow to ask again: a call that was given
up may still be under way. A list has a name of its own among all that may just be made in its ad account, so that
nobody takes another's for theirs.
"""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Literal, TypeVar

from django.db import transaction
from django.utils import timezone

from audiences.models import Audience
from pinconnect.pinterest import audiences, customer_lists
from pinconnect.pinterest.client import Client
from pinconnect.pinterest.errors import NotSent, PinterestError, Rejected, ServerTrouble, UnknownOutcome
from pinconnect.pinterest.limits import ANSWER_DEADLINE_S
from pinconnect.pinterest.types import Audience as FoundAudience
from pinconnect.pinterest.types import CustomerList, Payload
from pinconnect.profiles.models import AdAccount
from pinconnect.queue import leases

LEASE_S = 60.0
# Before the first look, counted from when the call was given up, and again before the second one.
LOOK_UP_AFTER_S = 1.5 * ANSWER_DEADLINE_S

What = Literal["list", "audience"]
Found = TypeVar("Found")


class TargetBusyError(Exception):
    """Not now: another worker is creating it, or an unanswered creation is too fresh. wait_s: when to come back."""

    def __init__(self, wait_s: float) -> None:
        super().__init__()
        self.wait_s = wait_s


def ensure_list(audience: Audience, client: Client, first: Payload, *, list_type: str, may_create: bool) -> bool:
    """Make sure that the list exists. True: it was created now and holds the first payload; False: add it.

    With may_create False only a creation that was not answered is looked up; False then also means that there is none.
    Raises TargetBusyError, NotSent for a look-up without a usable answer, and any other PinterestError of the calls.
    """
    with _held(audience, customer_list_id="") as token:
        if token is None:
            return False
        if audience.list_create_asked_at is not None:
            _check_look_up(audience, token, "list")
            found = _find_list(audience, client)
            if found is not None:
                _save(audience, token, **_of_list(found, list_type))
                return False
            _note_missing(audience, token, "list")
        if not may_create:
            return False
        made = _create_list(audience, token, client, first, list_type)
        _save(audience, token, **_of_list(made, list_type))
        return True


def _create_list(audience: Audience, token: str, client: Client, first: Payload, list_type: str) -> CustomerList:
    account = audience.ad_account.pinterest_id
    newest = _newest(lambda: customer_lists.newest(client, account))
    asked_before = audience.list_create_records
    with transaction.atomic():
        _save(
            audience,
            token,
            customer_list_name=_free_name(audience),
            list_create_after_id=newest.id if newest else "",
            list_create_records=first.count,
            list_create_asked_at=timezone.now(),
        )
    try:
        return customer_lists.create(
            client, account, name=audience.customer_list_name, list_type=list_type or None, payload=first
        )
    except UnknownOutcome:
        _note_given_up(audience, token, "list")
        raise
    except PinterestError:
        _save(audience, token, list_create_asked_at=None, list_create_records=asked_before)
        raise


def _free_name(audience: Audience) -> str:
    """Its name, numbered if another list that was asked for in this ad account, and is not known yet, has it.

    Such a list may turn up at any time, and its name is all that tells it from ours: large ones begin alike. Locks the
    ad account in all workspaces until the end of the transaction, so that of two that ask at once one sees the other.
    """
    account, name = audience.ad_account.pinterest_id, audience.customer_list_name
    locked = AdAccount.objects.select_for_update(no_key=True).filter(pinterest_id=account).order_by("pk")
    list(locked.values_list("pk", flat=True))
    others = Audience.objects.filter(ad_account__pinterest_id=account).exclude(pk=audience.pk)
    sought = others.filter(customer_list_id="", list_create_records__isnull=False)
    if not sought.filter(customer_list_name=name).exists():
        return name
    taken = set(others.filter(customer_list_name__startswith=f"{name} (").values_list("customer_list_name", flat=True))
    return next(numbered for count in itertools.count(2) if (numbered := f"{name} ({count})") not in taken)


def _find_list(audience: Audience, client: Client) -> CustomerList | None:
    """The list that an unanswered call made, if it did.

    Ours is newer than what was there, has our name, was written once, with as many records as were sent, and nobody
    else here knows it. The whole part of the listing that is newer is read.
    """
    account, fitting = audience.ad_account.pinterest_id, []
    for found in _looking_up(customer_lists.list_all(client, account, newest_first=True)):
        if _number(found.id) <= _number(audience.list_create_after_id):
            break
        same_count = audience.list_create_records in (None, found.num_uploaded)
        if found.name == audience.customer_list_name and found.num_batches <= 1 and same_count:
            fitting.append(found)
    known = set(
        Audience.objects.filter(
            ad_account__pinterest_id=account, customer_list_id__in=[found.id for found in fitting]
        ).values_list("customer_list_id", flat=True)
    )
    return next((found for found in reversed(fitting) if found.id not in known), None)


def ensure_audience(audience: Audience, client: Client) -> bool:
    """Make sure that the list is an audience; False when Pinterest does not allow it (yet), as for a list too small.

    Raises TargetBusyError, and any PinterestError of the calls but Rejected.
    """
    with _held(audience, audience_id="") as token:
        if token is None:
            return bool(audience.audience_id)
        account = audience.ad_account.pinterest_id
        was_asked = audience.audience_create_asked_at is not None
        if was_asked:
            _check_look_up(audience, token, "audience")
        # A list that was there before may have got an audience since people looked.
        if was_asked or audience.is_existing:
            found = _find_audience(audience, client)
            if found is not None:
                _save(audience, token, **_of_audience(found))
                return True
        if was_asked:
            _note_missing(audience, token, "audience")
        newest = _newest(lambda: audiences.newest(client, account))
        _save(
            audience,
            token,
            audience_create_after_id=newest.id if newest else "",
            audience_create_asked_at=timezone.now(),
        )
        try:
            made = audiences.create(
                client,
                account,
                name=audience.audience_name,
                customer_list_id=audience.customer_list_id,
                description=audience.description,
            )
        except UnknownOutcome:
            _note_given_up(audience, token, "audience")
            raise
        except PinterestError as error:
            _save(audience, token, audience_create_asked_at=None)
            if isinstance(error, Rejected):
                return False
            raise
        _save(audience, token, **_of_audience(made))
        return True


def _find_audience(audience: Audience, client: Client) -> FoundAudience | None:
    """The newest audience of the list; of a list that we made, only what is newer than our asking can be one."""
    oldest = 0 if audience.is_existing else _number(audience.audience_create_after_id)
    for found in _looking_up(audiences.list_all(client, audience.ad_account.pinterest_id, newest_first=True)):
        if _number(found.id) <= oldest:
            return None
        if found.customer_list_id == audience.customer_list_id:
            return found
    return None


def _newest(ask: Callable[[], Found | None]) -> Found | None:
    return next(_looking_up(iter(ask, None)), None)


def _looking_up(listing: Iterator[Found]) -> Iterator[Found]:
    """A listing whose failure says nothing about the records: what was to be sent was not sent. Raises NotSent."""
    try:
        yield from listing
    except (Rejected, ServerTrouble, UnknownOutcome) as error:
        unsent = NotSent(
            "The look-up before a creation failed",
            status=error.status,
            code=error.code,
            request_id=error.request_id,
            pinterest_message=error.pinterest_message,
        )
        unsent.retry_after_s = getattr(error, "retry_after_s", None)
        raise unsent from error


@contextmanager
def _held(audience: Audience, **missing: str) -> Iterator[str | None]:
    """The right to create for an audience that lacks something; None when it lacks it no more."""
    token = leases.claim(Audience.objects.filter(**missing), pk=audience.pk, lease_s=LEASE_S)
    if token is None:
        audience.refresh_from_db()
        if all(getattr(audience, field) == value for field, value in missing.items()):
            raise TargetBusyError(2.0)
        yield None
        return
    audience.refresh_from_db()
    try:
        with leases.Heartbeat(Audience.objects.all(), audience.pk, token, LEASE_S):
            yield token
    finally:
        leases.release(Audience.objects.all(), pk=audience.pk, token=token)


def _check_look_up(audience: Audience, token: str, what: What) -> None:
    field, now = f"{what}_looked_up_at", timezone.now()
    if getattr(audience, field) is None:
        field = f"{what}_create_asked_at"
    if getattr(audience, field) > now:
        # It was noted before the clock was set back: the wait begins anew, and does not last for the whole step.
        _save(audience, token, **{field: now})
    wait = timedelta(seconds=LOOK_UP_AFTER_S) - (now - getattr(audience, field))
    if wait > timedelta(0):
        raise TargetBusyError(wait.total_seconds())


def _note_missing(audience: Audience, token: str, what: What) -> None:
    """It is not there; whoever looks a second time may create it. Raises TargetBusyError the first time."""
    if getattr(audience, f"{what}_looked_up_at") is None:
        _save(audience, token, **{f"{what}_looked_up_at": timezone.now()})
        raise TargetBusyError(LOOK_UP_AFTER_S)
    _save(audience, token, **_answered(what))


def _note_given_up(audience: Audience, token: str, what: What) -> None:
    """The call may have lasted long, so the waiting begins now. Without the lease it is somebody else's to wait."""
    mine = Audience.objects.filter(pk=audience.pk, lease_token=token)
    mine.update(**{f"{what}_create_asked_at": timezone.now()})


def _answered(what: What) -> dict[str, None]:
    return {f"{what}_create_asked_at": None, f"{what}_looked_up_at": None}


def _save(audience: Audience, token: str, **changes: Any) -> None:
    if not Audience.objects.filter(pk=audience.pk, lease_token=token).update(**changes):
        raise leases.LeaseLostError(f"The lease on audience {audience.pk} went to somebody else.")
    audience.refresh_from_db()


def _of_list(found: CustomerList, list_type: str) -> dict[str, Any]:
    return {
        "customer_list_id": found.id,
        "list_type": list_type,
        "list_state": found.status[:20],
        **_answered("list"),
    }


def _of_audience(found: FoundAudience) -> dict[str, Any]:
    return {
        "audience_id": found.id,
        "audience_name": found.name[:250] or f"Audience {found.id}",
        "audience_state": found.status[:30],
        "size": found.size,
        **_answered("audience"),
    }


def _number(pinterest_id: str) -> int:
    return int(pinterest_id) if pinterest_id.isdecimal() else 0
