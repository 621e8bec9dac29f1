"""What is done about single people's data without anybody asking for it at that moment."""

from collections.abc import Sequence
from datetime import timedelta

from django.db.models import F
from django.utils import timezone

from audiences.models import Erasure, Removal
from audiences.people import displacing, erasing, history
from pinconnect.queue import clock, holders, reconciler


def hint_freed(pks: Sequence[int]) -> None:
    """Whoever worked on these was killed, and the hint went with them."""
    Erasure.objects.filter(pk__in=pks).update(hinted_at=None)


def hint_all_again() -> None:
    """What was hinted may be lost; a hint too many does no harm."""
    Erasure.objects.open().filter(hinted_at__isnull=False).update(hinted_at=None)


def clock_was_set_back(by: timedelta) -> None:
    """What waits for its next attempt waits as long as was meant, and not until the clock gets there again."""
    Removal.objects.filter(next_attempt_at__gt=timezone.now()).update(next_attempt_at=F("next_attempt_at") - by)


clock.when_set_back(clock_was_set_back)
holders.when_hints_are_lost(hint_all_again)
holders.watch(Erasure, hint_freed)
reconciler.register("audiences.history", history.hint_merges, every_s=3_600)
reconciler.register("audiences.erasures", erasing.hint_open, every_s=10)
reconciler.register("audiences.displaced", displacing.start_left, every_s=30)
