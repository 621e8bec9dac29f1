"""Pinterest says that it does not know a list or an audience of ours: believed once it says so again, a minute later.

A single such answer may come from a server that lags behind, or that takes a lost permission for an absence. What
follows is not small: the delivery ends its run and asks for a new list, and an erasure counts as done.
"""

from datetime import timedelta
from typing import Literal

from django.db.models import Q
from django.utils import timezone

from audiences.models import Audience, Run
from audiences.services import endings, outcomes
from audiences.services.outcomes import Claimed
from pinconnect.pinterest.errors import NotFound

What = Literal["list", "audience"]
CONFIRM_S = 60.0
# Without a second look for so long, the first one says nothing any more.
_STALE = timedelta(days=1)


def look_again_s(audience: Audience, what: What) -> float:
    """Note that Pinterest does not know it; in how many seconds to ask again, 0.0 once that is to be believed."""
    field, now = f"{what}_missing_at", timezone.now()
    # Also where it was noted before the clock was set back.
    unnoted = Q(**{field: None}) | Q(**{f"{field}__gt": now}) | Q(**{f"{field}__lt": now - _STALE})
    Audience.objects.filter(unnoted, pk=audience.pk).update(**{field: now})
    audience.refresh_from_db(fields=[field])
    since = getattr(audience, field) or now
    return max(0.0, CONFIRM_S - (now - since).total_seconds())


def note_found(audience: Audience | None, what: What) -> None:
    """Pinterest knows it."""
    field = f"{what}_missing_at"
    if audience is not None and getattr(audience, field) is not None:
        Audience.objects.filter(pk=audience.pk).update(**{field: None})
        setattr(audience, field, None)


def list_unknown(run: Run, claimed: Claimed, error: NotFound) -> None:
    """A call was refused because there is no such list: the run waits for a second answer, and ends with that."""
    assert run.audience is not None  # noqa: S101 -- it has a list
    wait_s = look_again_s(run.audience, "list")
    if wait_s:
        outcomes.give_back(claimed, wait_s=wait_s, error=error)
        outcomes.wait(run, wait_s, "list_unknown")
        return
    outcomes.failed(claimed, "NotFound", http_status=error.status)
    endings.stop_sending(run, ending="failed", code="list_gone")
    endings.skip_unsure(run)
