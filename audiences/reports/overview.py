"""What the dashboard says about a workspace, in a fixed number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Q, Sum
from django.urls import reverse

from audiences import messages
from audiences.models import Audience, Delivery, Run
from audiences.pipeline.plan import Counts
from audiences.services.holding import added
from audiences.states import RUN_ACTIVE, DeliveryState, RunState
from pinconnect.datasets.models import Dataset, SnapshotState
from pinconnect.profiles.models import AdAccount, Profile
from pinconnect.profiles.models.profile import ProfileState
from pinconnect.workspaces.models import Workspace

RUNS_SHOWN = 8


@dataclass(frozen=True)
class FirstStep:
    """One step from an empty workspace to a first delivery."""

    title: str
    body: str
    url: str
    action: str
    is_done: bool


@dataclass(frozen=True)
class Waiting:
    """A held run. change: what it would do, as the rest of a sentence."""

    run: Run
    change: str


@dataclass(frozen=True)
class Overview:
    """first_steps is empty once a delivery is active; next_step is the first that is not done.

    waiting: runs that go on when a person has decided, the oldest first; waiting_count: how many there are.
    """

    first_steps: tuple[FirstStep, ...]
    deliveries_active: int
    deliveries_paused: int
    members: int
    audiences_ready: int
    profiles_connected: int
    waiting: Sequence[Waiting]
    waiting_count: int
    running: Sequence[Run]
    recent: Sequence[Run]

    @property
    def paused_note(self) -> str:
        return f"{self.deliveries_paused} paused" if self.deliveries_paused else ""

    @property
    def next_step(self) -> FirstStep | None:
        return next((step for step in self.first_steps if not step.is_done), None)

    @property
    def steps_done(self) -> int:
        return sum(step.is_done for step in self.first_steps)


def of(workspace: Workspace) -> Overview:
    deliveries = Delivery.objects.for_workspace(workspace).aggregate(
        active=Count("pk", filter=Q(state=DeliveryState.ACTIVE)),
        paused=Count("pk", filter=Q(state=DeliveryState.PAUSED)),
    )
    audiences = Audience.objects.for_workspace(workspace)
    profiles = Profile.objects.for_workspace(workspace).filter(state=ProfileState.CONNECTED).count()
    runs = Run.objects.for_workspace(workspace).filter(is_dry_run=False).select_related("delivery", "audience")
    held = runs.filter(state=RunState.HELD)
    working = RUN_ACTIVE - {RunState.HELD}
    ready = audiences.aggregate(ready=Count("pk", filter=Q(audience_state="READY")), size=Sum("size"))
    return Overview(
        first_steps=() if deliveries["active"] or deliveries["paused"] else _first_steps(workspace, profiles),
        deliveries_active=deliveries["active"],
        deliveries_paused=deliveries["paused"],
        members=sum(sum(members.values()) for members in audiences.values_list("ledger_members", flat=True)),
        audiences_ready=ready["ready"],
        profiles_connected=profiles,
        waiting=[_waiting(run) for run in held.order_by("pk")[:RUNS_SHOWN]],
        waiting_count=held.count(),
        running=list(runs.filter(state__in=working)[:RUNS_SHOWN]),
        recent=list(runs.exclude(state__in=RUN_ACTIVE)[:RUNS_SHOWN]),
    )


def _waiting(run: Run) -> Waiting:
    counts = Counts.from_json(run.counts)
    return Waiting(run, messages.held(adds=added(counts), removals=counts.removals, members=counts.ledger))


def _first_steps(workspace: Workspace, profiles: int) -> tuple[FirstStep, ...]:
    chosen = AdAccount.objects.for_workspace(workspace).filter(is_chosen=True).exists()
    datasets = (
        Dataset.objects.for_workspace(workspace).filter(archived_at=None, snapshots__state=SnapshotState.READY).exists()
    )
    return (
        FirstStep(
            "Connect a Pinterest profile",
            "Sign in at Pinterest once and allow PinConnect to manage audiences for you.",
            reverse("profiles:list", args=[workspace.slug]),
            "Connect a profile",
            bool(profiles),
        ),
        FirstStep(
            "Choose your ad accounts",
            "Pick the ad accounts in which audiences may be made. You never type an ID.",
            reverse("profiles:ad-accounts", args=[workspace.slug]),
            "Choose ad accounts",
            chosen,
        ),
        FirstStep(
            "Upload a dataset",
            "A CSV file with e-mail addresses, phone numbers or mobile ad IDs, plain or already hashed.",
            reverse("datasets:create", args=[workspace.slug]),
            "Upload a file",
            datasets,
        ),
        FirstStep(
            "Set up a delivery",
            "Say which columns go into which audience, look at the counts, and publish.",
            reverse("audiences:delivery-create", args=[workspace.slug]),
            "Set up a delivery",
            False,
        ),
    )
