"""Asks Pinterest which customer lists an ad account has, page by page, in bounded time.

Only a person sets it off. What was read is kept; when the time is up or Pinterest refuses, the next reading goes on
where this one stopped. Two readings at once do each other no harm: a page counts for whoever stores it first.
"""

import math
from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.utils import timezone

from audiences.models import ListedList, Listing, ListingStage
from audiences.services import rates
from audiences.services.refusals import ServiceRefusal
from pinconnect.lib.texts import row_number
from pinconnect.pinterest import audiences, customer_lists
from pinconnect.pinterest.client import Client
from pinconnect.pinterest.errors import AccessLost, NotFound, PinterestError, RateLimited, Rejected
from pinconnect.pinterest.limits import Category
from pinconnect.pinterest.types import Audience, CustomerList
from pinconnect.profiles import tokens
from pinconnect.profiles.models import AdAccount, Profile
from pinconnect.profiles.tokens import ProfileUnusable
from pinconnect.queue.budget import TimeBudget

# Asked between pages; one page with its short repeats may take a minute more.
BUDGET_S = 20.0
# Nobody has gone on with it for so long that a new reading is worth more.
STALE_AFTER = timedelta(minutes=30)
_AT_FIRST: dict[str, Any] = {"bookmark": "", "pages_seen": []}


def read(ad_account: AdAccount, profile: Profile, *, budget_s: float = BUDGET_S) -> Listing:
    """Read pages until all are read or the time is up; is_reading of what is returned says which.

    Raises ServiceRefusal in words when Pinterest cannot be asked; what was read before stays.
    """
    listing = _begun(ad_account)
    budget = TimeBudget(budget_s)
    try:
        while listing.is_reading and not budget.is_spent:
            listing = _one_page(listing, ad_account, profile)
    except Rejected:
        # A bookmark that Pinterest no longer knows: the reading begins anew when somebody asks again.
        Listing.objects.filter(pk=listing.pk, round=listing.round).update(stage=ListingStage.NEVER, **_AT_FIRST)
        raise ServiceRefusal("lists_begin_anew") from None
    except RateLimited as limited:
        rates.block(profile, Category.ADS_READ, limited.retry_after_s)
        raise _limited(limited.retry_after_s) from None
    except ProfileUnusable as problem:
        code = "lists_not_reached" if problem.is_passing else "profile_not_usable"
        raise ServiceRefusal(code, profile=profile) from None
    except (AccessLost, NotFound):
        raise ServiceRefusal("lists_not_permitted", profile=profile, ad_account=ad_account) from None
    except PinterestError:
        raise ServiceRefusal("lists_not_reached") from None
    return listing


def _limited(wait_s: float) -> ServiceRefusal:
    minutes = max(1, math.ceil(wait_s / 60))
    return ServiceRefusal("lists_rate_limited", wait="a minute" if minutes == 1 else f"{minutes} minutes")


def _begun(ad_account: AdAccount) -> Listing:
    """The reading to go on with, or a new round."""
    listing, _ = Listing.objects.get_or_create(ad_account=ad_account)
    if listing.is_reading and timezone.now() - listing.moved_at < STALE_AFTER:
        return listing
    same = Listing.objects.filter(pk=listing.pk, round=listing.round, moved_at=listing.moved_at)
    same.update(round=listing.round + 1, stage=ListingStage.LISTS, **_AT_FIRST, moved_at=timezone.now())
    listing.refresh_from_db()
    return listing


def _one_page(listing: Listing, ad_account: AdAccount, profile: Profile) -> Listing:
    wait_s = rates.wait_s(profile, Category.ADS_READ)
    if wait_s:
        raise _limited(wait_s)

    def ask(client: Client) -> tuple[Any, str | None]:
        listed = customer_lists if listing.stage == ListingStage.LISTS else audiences
        found = listed.list_page(client, ad_account.pinterest_id, bookmark=listing.bookmark)
        rates.note(profile, Category.ADS_READ, client.last_rate)
        return found

    items, bookmark = tokens.with_client(profile, ask)
    if bookmark == listing.bookmark or (bookmark is not None and _mark(bookmark) in listing.pages_seen):
        raise Rejected("Pinterest repeats a page of this listing")
    return _store(listing, items, bookmark)


def _mark(bookmark: str) -> str:
    """A bookmark may be long, and there may be hundreds."""
    return sha256(bookmark.encode()).hexdigest()[:16]


@transaction.atomic
def _store(listing: Listing, items: Sequence[Any], bookmark: str | None) -> Listing:
    """Keep one page and move on to the next, unless somebody else has done so already."""
    now = timezone.now()
    is_lists = listing.stage == ListingStage.LISTS
    seen = [] if bookmark is None else [*listing.pages_seen, _mark(bookmark)]
    changes: dict[str, Any] = {"bookmark": bookmark or "", "pages_seen": seen, "moved_at": now}
    if bookmark is None:
        changes |= {"stage": ListingStage.AUDIENCES} if is_lists else {"stage": ListingStage.DONE, "completed_at": now}
    here = Listing.objects.filter(
        pk=listing.pk, round=listing.round, stage=listing.stage, bookmark=listing.bookmark, moved_at=listing.moved_at
    )
    if here.update(**changes):
        (_keep_lists if is_lists else _keep_audiences)(listing, items)
        if changes.get("stage") == ListingStage.DONE:
            ListedList.objects.filter(ad_account=listing.ad_account_id, round__lt=listing.round).delete()
    listing.refresh_from_db()
    return listing


def _keep_lists(listing: Listing, items: Sequence[CustomerList]) -> None:
    rows = [
        ListedList(
            ad_account_id=listing.ad_account_id,
            pinterest_id=found.id[:30],
            number=row_number(found.id) or 0,
            name=found.name[:250],
            state=found.status[:20],
            uploaded=found.num_uploaded,
            removed=found.num_removed,
            calls=found.num_batches,
            made_at=found.created_at,
            round=listing.round,
        )
        for found in {found.id: found for found in items}.values()
    ]
    # Its audiences are counted anew in every round.
    names = ["number", "name", "state", "uploaded", "removed", "calls", "made_at", "round"]
    names += ["audience_id", "audience_name", "audience_state", "audience_count"]
    ListedList.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["ad_account", "pinterest_id"], update_fields=names
    )


def _keep_audiences(listing: Listing, items: Sequence[Audience]) -> None:
    """They come newest first, so the first one stays unless a later one is ready and that is not."""
    made = [found for found in items if found.customer_list_id]
    rows = ListedList.objects.filter(
        ad_account=listing.ad_account_id, pinterest_id__in={found.customer_list_id for found in made}
    )
    by_id = {row.pinterest_id: row for row in rows}
    for found in made:
        row = by_id.get(found.customer_list_id or "")
        if row is None:
            continue
        row.audience_count += 1
        if not row.audience_id or (found.status == "READY" and row.audience_state != "READY"):
            row.audience_id, row.audience_name = found.id[:30], found.name[:250]
            row.audience_state = found.status[:30]
    ListedList.objects.bulk_update(
        by_id.values(), ["audience_id", "audience_name", "audience_state", "audience_count"], batch_size=250
    )
