"""Several batches in the hands of one worker: claimed in one statement, sent one after the other, written down in one.

What was sent and is not written down yet is lost with the worker that dies, and is sent again: that changes nothing on
the list. So groups are short, a second's worth of calls at most, and only what was never tried goes into one.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from itertools import takewhile

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from audiences.models import Batch, Run
from audiences.services import outcomes
from audiences.services.outcomes import Answered, Claimed
from audiences.states import BatchState
from pinconnect.pinterest.client import Exchange
from pinconnect.profiles.models import Profile
from pinconnect.queue import leases

LEASE_S = 60.0
# A call with its short repeats ends within 55 s, so nothing is sent with less of the lease than that before it.
STALE_AFTER_S = 5.0
FLUSH_AFTER_S = 1.0
# So many seconds' worth of calls are claimed at once, as far as is known how long one takes.
WORTH_S = 1.0
MOST = 32
# Near the end groups get smaller, so that no worker is left with many while the others have none; not tiny, though.
_LEAST_AT_THE_END = 4


class Pace:
    """How many batches to claim at once: the longer a call takes, the fewer."""

    def __init__(self) -> None:
        self._call_s: float | None = None

    def note(self, call_s: float) -> None:
        """A call took so long. Slow ones count at once, fast ones little by little."""
        known = self._call_s
        self._call_s = call_s if known is None or call_s > known else (known + call_s) / 2

    @property
    def size(self) -> int:
        """One as long as nothing is known."""
        if self._call_s is None:
            return 1
        return max(1, min(MOST, int(WORTH_S / max(self._call_s, 0.001))))

    @property
    def look_ahead(self) -> int:
        """How many candidates to look at, to see the end come."""
        return max(5, self.size * 2 * settings.PUMPS_PER_RUN)


def portion(candidates: Sequence[Batch], size: int) -> Sequence[Batch]:
    """Those of the candidates, in turn, to claim together: the first alone if it has been tried or halved before.

    Not the second half of a batch while somebody else sends the first: what becomes of that may save a call.
    """
    halved = [batch.pk for batch in candidates if batch.root_id]
    if halved:
        waiting = set(Batch.objects.filter(pk__in=halved).whose_first_half_is_sent(timezone.now()))
        candidates = [batch for batch in candidates if batch not in waiting]
    fresh = list(takewhile(_is_fresh, candidates))
    if len(fresh) <= 1:
        return candidates[:1]
    share = -(-len(fresh) // (2 * settings.PUMPS_PER_RUN))
    return fresh[: min(size, max(share, _LEAST_AT_THE_END))]


def claim(run: Run, candidates: Sequence[Batch], most: int) -> list[Claimed]:
    """Claim up to so many of the candidates, fresh ones together; empty when others have taken them all."""
    rest = list(candidates)
    while rest:
        if not _is_fresh(rest[0]):
            claimed = _claim_one(rest.pop(0))
            if claimed is not None:
                return [claimed]
            continue
        chosen = list(takewhile(_is_fresh, rest))[:most]
        token, taken = leases.claim_many(
            Batch.objects.filter(run=run, state=BatchState.PENDING, attempts=0),
            pks=[batch.pk for batch in chosen],
            lease_s=LEASE_S,
            state=BatchState.SENDING,
            # Counted before the call, so that a batch which kills its worker does not do so for ever.
            attempts=1,
        )
        if taken:
            return [_in_hand(batch, token) for batch in chosen if batch.pk in set(taken)]
        rest = rest[len(chosen) :]
    return []


class Group:
    """What one worker has claimed and goes through.

    sent: batches written down as sent; calls: how many were begun; goes_well: nothing but success so far, and nobody
    else has taken over what was in our hands.
    """

    def __init__(self, run: Run, claimed: Sequence[Claimed], *, clock: Callable[[], float] = time.monotonic) -> None:
        self.run = run
        self.sent = self.calls = 0
        self.goes_well = True
        self._waiting = deque(claimed)
        self._answered: list[Answered] = []
        self._profile: Profile | None = None
        self._clock = clock
        self._claimed_at = self._flushed_at = clock()

    @property
    def waiting(self) -> int:
        """How many were not begun yet."""
        return len(self._waiting)

    @property
    def is_stale(self) -> bool:
        """Whether too much of the leases has passed to begin another call."""
        return self._clock() - self._claimed_at > STALE_AFTER_S

    def next(self) -> Claimed:
        """The next one; it is in the caller's hands from now on."""
        return self._waiting.popleft()

    def answered(self, claimed: Claimed, exchange: Exchange | None, profile: Profile | None) -> None:
        """Pinterest acknowledged it, in the name of the profile."""
        if profile != self._profile:
            self.flush()
            self._profile = profile
        self._answered.append(Answered(claimed, exchange, timezone.now()))
        if self._clock() - self._flushed_at > FLUSH_AFTER_S:
            self.flush()

    def flush(self) -> None:
        """Write down what was acknowledged."""
        answered, self._answered = self._answered, []
        if answered:
            recorded = outcomes.sent(self.run, answered, profile=self._profile)
            self.sent += recorded
            # Whoever holds the leases now sends those batches again, and most likely the rest of the group too.
            self.goes_well &= recorded == len(answered)
        self._flushed_at = self._clock()

    def end(self) -> None:
        """Write down what was acknowledged and give back what was not begun, as if it had never been claimed."""
        self.flush()
        waiting, self._waiting = list(self._waiting), deque()
        if waiting:
            outcomes.give_back_all(waiting)


def _is_fresh(batch: Batch) -> bool:
    return batch.state == BatchState.PENDING and batch.attempts == 0 and batch.root_id is None and not batch.is_file


def _claim_one(batch: Batch) -> Claimed | None:
    token = leases.claim(
        Batch.objects.filter(state=batch.state, attempts=batch.attempts),
        pk=batch.pk,
        lease_s=LEASE_S,
        state=BatchState.SENDING,
        attempts=F("attempts") + 1,
    )
    if token is None:
        return None
    found_in = batch.state
    batch.refresh_from_db()
    return Claimed(
        batch, token, was_unsure=found_in != BatchState.PENDING, was_abandoned=found_in == BatchState.SENDING
    )


def _in_hand(batch: Batch, token: str) -> Claimed:
    batch.state, batch.attempts, batch.lease_token = BatchState.SENDING, 1, token
    return Claimed(batch, token, was_unsure=False)
