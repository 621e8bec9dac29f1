"""What a sender knows about the run: whether it may go on, in whose name, and which batches come next.

Asking takes about as long as sending a batch, so everything is asked anew once a second, whether it was stopped twice a
second, and all of it after anything but a success.
"""

import time
from collections.abc import Callable, Sequence

from django.utils import timezone

from audiences.models import Batch, Run
from audiences.querysets import RunQuerySet
from audiences.services import groups, standby
from audiences.states import BATCH_OPEN, BATCH_UNSURE
from pinconnect.profiles.models import Profile

_WITH = ("workspace", "delivery__profile", "delivery__standby", "delivery__workspace", "audience__ad_account")
LOOK_EVERY_S = 0.5
FORGET_AFTER_S = 1.0


class Outlook:
    """is_for_others: somebody else is making the list, and calls for help when it is there."""

    def __init__(self, run_id: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._run_id, self._clock = run_id, clock
        self._run: Run | None = None
        self._profile: Profile | None = None
        self._asked_at = self._looked_at = 0.0
        self._asks_for_all = True
        self.is_for_others = False

    def see(self) -> tuple[Run, Profile] | None:
        """The run and who speaks for it; None when it may not go on now."""
        now = self._clock()
        if self._run is None or now - self._asked_at >= FORGET_AFTER_S:
            self._run = self._may_go_on().select_related(*_WITH).first()
            self._profile = standby.speaker(self._run.delivery) if self._run is not None else None
            self._asked_at = self._looked_at = now
            self._asks_for_all = True
        if self._run is None or self._run.audience is None or self._profile is None:
            return None
        return self._run, self._profile

    def wanted(self, run: Run, pace: groups.Pace) -> Sequence[Batch]:
        """The batches to claim next, in turn."""
        batches = Batch.objects.filter(run=run)
        if run.audience is not None and not run.audience.customer_list_id:
            self.is_for_others = batches.in_flight(timezone.now()).exists()
            # A file goes to a list that is there; of a run that ends it is only put away.
            making = batches if run.ending else batches.filter(is_file=False)
            states = BATCH_UNSURE if run.ending else BATCH_OPEN
            return [] if self.is_for_others else making.next_in_turn(timezone.now(), 1, states=states)
        return groups.portion(self._found(run, pace.look_ahead), pace.size)

    def is_unchanged(self) -> bool:
        """Between two calls: whether nobody has stopped the run meanwhile, as far as was looked."""
        now = self._clock()
        if self._run is None:
            return False
        if now - self._looked_at < LOOK_EVERY_S:
            return True
        self._looked_at = now
        return self._may_go_on().filter(ending=self._run.ending).exists()

    def forget(self) -> None:
        """Ask anew next time."""
        self._run = None

    def _may_go_on(self) -> RunQuerySet:
        found: RunQuerySet = Run.objects.to_pump(timezone.now()).filter(pk=self._run_id)
        return found

    def _found(self, run: Run, number: int) -> list[Batch]:
        """Those that are unsure or were left behind are rare, and looked for only now and then."""
        now, batches = timezone.now(), Batch.objects.filter(run=run)
        found: list[Batch] = []
        if not run.ending and not self._asks_for_all:
            found = batches.pending_in_turn(run.pk, now, number)
        self._asks_for_all = False
        # A run that ends sends nothing new, and clears up what is unsure.
        return found or batches.next_in_turn(now, number, states=BATCH_UNSURE if run.ending else BATCH_OPEN)
