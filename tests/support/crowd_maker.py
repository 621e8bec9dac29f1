"""Makes what tests.support.crowd asks for, inside an installation; started as `python -m tests.support.crowd_maker`.

Deliveries are written as they are after their first publication, because publishing would start their runs one by one.
"""

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import django

django.setup()

from django.db import transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from audiences.models import Audience, Delivery, DeliveryColumn, Schedule  # noqa: E402
from pinconnect.datasets.models import Dataset, SnapshotState, WriteMode  # noqa: E402
from pinconnect.datasets.services import create_dataset, examine, receive_file  # noqa: E402
from pinconnect.profiles.models import AdAccount, AdAccountAccess, Profile  # noqa: E402
from pinconnect.profiles.scopes import ASKED_FOR  # noqa: E402
from pinconnect.workspaces.models import User, Workspace  # noqa: E402
from pinconnect.workspaces.services.workspaces import create_workspace  # noqa: E402
from tests.factories_audiences import BOBS_ACCOUNT  # noqa: E402

DUE_IN_S = 5.0


def profile_of(workspace: Workspace, pair: dict[str, Any]) -> Profile:
    now = timezone.now()
    return Profile.objects.create(
        workspace=workspace,
        username="bob_garden",
        pinterest_id="bob-1",
        access_token=pair["access_token"],
        refresh_token=pair["refresh_token"],
        scopes=list(ASKED_FOR),
        expires_at=now + timedelta(days=30),
        refresh_expires_at=now + timedelta(days=60),
        token_version=1,
        renewed_at=now,
    )


def account_of(profile: Profile) -> AdAccount:
    workspace = profile.workspace
    account = AdAccount.objects.create(workspace=workspace, pinterest_id=BOBS_ACCOUNT, name="Shop", is_chosen=True)
    AdAccountAccess.objects.create(profile=profile, ad_account=account, permissions=["OWNER"], can_write_lists=True)
    return account


def dataset_of(workspace: Workspace, path: str) -> Dataset:
    dataset = create_dataset(workspace, by=None, name=Path(path).stem)
    snapshot = receive_file(dataset, Path(path), by=None, mode=WriteMode.OVERWRITE, is_examined=False)
    examine(snapshot)
    snapshot.refresh_from_db()
    if snapshot.state != SnapshotState.READY:
        raise RuntimeError(f"A snapshot is {snapshot.state} {snapshot.refusal}.")
    return dataset


def delivery_of(dataset: Dataset, profile: Profile, account: AdAccount, name: str) -> Delivery:
    """Published, with a list to be made; its schedule is not due yet."""
    now = timezone.now()
    audience = Audience.objects.create(
        workspace=profile.workspace,
        ad_account=account,
        name=name,
        customer_list_name=f"Customer List-{name}",
        audience_name=f"Audience-{name}",
    )
    delivery = Delivery.objects.create(
        workspace=profile.workspace,
        name=name,
        dataset=dataset,
        audience=audience,
        profile=profile,
        state="active",
        published_at=now,
    )
    DeliveryColumn.objects.create(delivery=delivery, column="email", kind="email")
    Schedule.objects.create(delivery=delivery, rhythm="interval", every_minutes=1_440, due_at=now + timedelta(days=1))
    return delivery


def main() -> None:
    asked = json.load(sys.stdin)
    user = User.objects.earliest("pk")
    made: dict[int, int] = {}
    for place, (number, pair) in enumerate(zip(asked["numbers"], asked["tokens"], strict=True)):
        workspace = create_workspace(name=f"Workspace {place + 1}", by=user)
        profile = profile_of(workspace, pair)
        account = account_of(profile)
        if place == 0 and asked["large"]:
            delivery_of(dataset_of(workspace, asked["large"]), profile, account, "Large")
        datasets = [dataset_of(workspace, path) for path in asked["small"]]
        with transaction.atomic():
            for count in range(number):
                delivery = delivery_of(datasets[count % len(datasets)], profile, account, f"Small {place + 1}-{count}")
                made[delivery.pk] = count % len(datasets)
    due_at = timezone.now() + timedelta(seconds=DUE_IN_S)
    Schedule.objects.update(due_at=due_at)
    sys.stdout.write(json.dumps({"deliveries": made, "due_at": due_at.timestamp()}))


if __name__ == "__main__":
    main()
