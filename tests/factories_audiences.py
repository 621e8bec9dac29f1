"""Profiles, datasets, deliveries and runs for tests, made through the product's own services where that is possible."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO, StringIO
from itertools import product
from typing import Any

from django.utils import timezone

from audiences import tasks
from audiences.models import Audience, Batch, Delivery, Mode, Run, Scope, Trigger
from audiences.services import deliveries, runs
from audiences.services.deliveries import ColumnChoice
from audiences.states import RunState
from pinconnect.datasets.models import Dataset, Snapshot, SnapshotState, WriteMode
from pinconnect.datasets.services import create_dataset, examine, receive_upload
from pinconnect.profiles.models import AdAccount, AdAccountAccess, Profile
from pinconnect.profiles.scopes import ASKED_FOR
from pinconnect.queue.models import RateLimit
from pinconnect.workspaces.models import Workspace
from tests.factories import make_user, make_workspace
from tests.support.reference import Column, Member, expect
from tests.support.simulator import SimulatorInTest

BOBS_ACCOUNT = "549700000101"
EMAIL = (ColumnChoice("email", "email"),)
ALL_KINDS = (ColumnChoice("email", "email"), ColumnChoice("phone", "phone"), ColumnChoice("gaid", "gaid"))
Rows = Sequence[Mapping[str, str]]


def people(numbers: Iterable[int]) -> list[dict[str, str]]:
    """Rows of made-up customers; the same number is the same person. The first 2,500 are known to the simulator."""
    return [
        {
            "email": f"member{number:05d}@example.com",
            "phone": f"+1415555{number:04d}",
            "gaid": f"{number:08x}-0000-4000-8000-{number:012x}",
        }
        for number in numbers
    ]


def csv_bytes(rows: Rows) -> bytes:
    text = StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def make_profile(workspace: Workspace, simulator: SimulatorInTest, *, user: str = "bob", **fields: Any) -> Profile:
    """A connected profile whose tokens the simulator accepts."""
    pair = simulator.grant(user, ASKED_FOR)
    now = timezone.now()
    return Profile.objects.create(
        workspace=workspace,
        username=f"{user}_garden",
        access_token=pair["access_token"],
        refresh_token=pair["refresh_token"],
        scopes=list(ASKED_FOR),
        expires_at=now + timedelta(days=30),
        refresh_expires_at=now + timedelta(days=60),
        token_version=1,
        renewed_at=now,
        **{"pinterest_id": f"{user}-1", **fields},
    )


def make_ad_account(profile: Profile, *, pinterest_id: str = BOBS_ACCOUNT, can_write_lists: bool = True) -> AdAccount:
    """A chosen ad account that the profile reaches."""
    account, _ = AdAccount.objects.get_or_create(
        workspace=profile.workspace, pinterest_id=pinterest_id, defaults={"name": "Bob's shop", "is_chosen": True}
    )
    AdAccountAccess.objects.create(
        profile=profile,
        ad_account=account,
        permissions=["OWNER" if can_write_lists else "ANALYST"],
        can_write_lists=can_write_lists,
    )
    return account


def make_dataset(workspace: Workspace, rows: Rows = (), *, name: str = "Customers") -> Dataset:
    """A dataset with the rows as its first snapshot, if there are any."""
    dataset = create_dataset(workspace, by=None, name=name)
    if rows:
        add_snapshot(dataset, rows)
    return dataset


def add_snapshot(dataset: Dataset, rows: Rows | bytes, *, mode: str = WriteMode.OVERWRITE) -> Snapshot:
    content = rows if isinstance(rows, bytes) else csv_bytes(rows)
    snapshot = receive_upload(
        dataset, by=None, file=BytesIO(content), original_name="customers.csv", mode=mode, is_examined=False
    )
    assert examine(snapshot)
    assert snapshot.state == SnapshotState.READY, snapshot.refusal
    return snapshot


@dataclass
class Shop:
    """A workspace that delivers: everything a run needs, and the simulator it talks to."""

    workspace: Workspace
    profile: Profile
    ad_account: AdAccount
    dataset: Dataset
    delivery: Delivery
    simulator: SimulatorInTest

    def start(self, **options: Any) -> Run:
        return runs.start(self.delivery, by=None, trigger=Trigger.BY_HAND, **options)

    def change(self, rows: Rows) -> Snapshot:
        return add_snapshot(self.dataset, rows)

    @property
    def members(self) -> set[Member]:
        """Who is on the list in the simulator."""
        self.delivery.refresh_from_db()
        assert self.delivery.audience is not None
        return self.simulator.members(self.delivery.audience.customer_list_id)


def make_draft(
    profile: Profile,
    ad_account: AdAccount,
    dataset: Dataset,
    *,
    name: str = "Newsletter",
    columns: Sequence[ColumnChoice] = EMAIL,
    mode: str = Mode.MIRROR,
    scope: str = Scope.ALL,
) -> Delivery:
    """A complete draft."""
    draft = deliveries.create_draft(
        workspace=profile.workspace, by=None, name=name, dataset=dataset, mode=mode, scope=scope
    )
    draft = deliveries.set_profile(draft, by=None, profile=profile)
    draft = deliveries.set_target(draft, by=None, ad_account=ad_account, name=name)
    return deliveries.set_columns(draft, by=None, columns=list(columns))


def make_shop(simulator: SimulatorInTest, rows: Rows, **draft: Any) -> Shop:
    """A published delivery of the rows, its first run queued."""
    workspace = make_workspace("Acme", owner=make_user("Alice"))
    profile = make_profile(workspace, simulator)
    ad_account = make_ad_account(profile)
    dataset = make_dataset(workspace, rows)
    delivery = make_draft(profile, ad_account, dataset, **draft)
    deliveries.publish(delivery, by=None)
    delivery.refresh_from_db()
    return Shop(workspace, profile, ad_account, dataset, delivery, simulator)


def step(run: Run) -> None:
    """One task, as the run's state asks for it."""
    run.refresh_from_db()
    if run.state in (RunState.QUEUED, RunState.PREPARING):
        tasks.prepare_run(run.pk)
    elif run.state == RunState.UPLOADING:
        tasks.pump_run(run.pk)
    elif run.state == RunState.SETTLING:
        tasks.settle_run(run.pk)
    run.refresh_from_db()


def drive(run: Run, *, steps: int = 200) -> Run:
    """Do what workers would, by hand, until the run has ended or waits for something."""
    for _ in range(steps):
        before = _position(run)
        step(run)
        if run.is_finished or _position(run) == before:
            return run
    raise AssertionError(f"The run is still {run.state} ({run.reason}) after {steps} steps.")


def make_due(run: Run) -> None:
    """Let the waiting time pass, and every lease of a killed worker run out."""
    Run.objects.filter(pk=run.pk).update(next_attempt_at=None, lease_until=None)
    Batch.objects.filter(run=run).update(next_attempt_at=None, lease_until=None)
    RateLimit.objects.update(blocked_until=0, used_until=0)
    audiences, long_ago = Audience.objects.filter(pk=run.audience_id), timezone.now() - timedelta(minutes=5)
    audiences.update(lease_until=None)
    for what, noted in product(("list", "audience"), ("create_asked_at", "looked_up_at", "missing_at")):
        audiences.filter(**{f"{what}_{noted}__isnull": False}).update(**{f"{what}_{noted}": long_ago})


def drive_through(run: Run, *, rounds: int = 60) -> Run:
    """Drive a run that has to wait now and then, as if time passed."""
    for _ in range(rounds):
        drive(run)
        if run.is_finished or run.state == RunState.HELD:
            return run
        make_due(run)
    raise AssertionError(f"The run is still {run.state} ({run.reason}).")


def expected_members(rows: Rows, columns: Sequence[ColumnChoice] = EMAIL, **how: Any) -> set[Member]:
    """Who should be on the list, worked out by the slow reference."""
    plain = [Column(c.column, c.kind, c.treatment, c.default_country or None) for c in columns]
    return set(expect(rows, plain, **how).members)


def _position(run: Run) -> tuple[Any, ...]:
    states = list(Batch.objects.filter(run=run).order_by("pk").values_list("state", "attempts"))
    return run.state, run.attempts, run.reason, run.next_attempt_at, run.settled_version, states
