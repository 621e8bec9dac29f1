"""Makes the demo's workspace, user and sample dataset; any number of times."""

from argparse import ArgumentParser
from io import BytesIO
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.core.management.base import BaseCommand, CommandError

from audiences.management import sample
from audiences.management.simulator_visit import Visit, VisitFailedError
from pinconnect.datasets.models import Dataset, Snapshot, SnapshotState, WriteMode
from pinconnect.datasets.services import create_dataset, examine, receive_upload
from pinconnect.profiles.models import AdAccountAccess, Profile
from pinconnect.profiles.services import choose_ad_accounts, finish_connect, read_ad_accounts, start_connect
from pinconnect.workspaces.models import User, Workspace
from pinconnect.workspaces.services.users import create_verified_user
from pinconnect.workspaces.services.workspaces import create_workspace

WORKSPACE = "Demo shop"
DATASET = "Sample customers"
DESCRIPTION = f"{sample.ROWS:,} made-up customers, some of them with odd values. Use it to try a delivery."


class Command(BaseCommand):
    help = "Makes the demo's workspace, user and sample dataset. Safe to repeat; works with DEMO=true only."
    # A visit that goes elsewhere than over the network, for tests.
    stealth_options = ("visit",)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--connect", nargs="?", const="bob", metavar="USER",
            help="also connect a profile of the running simulator, as its user bob would in the browser",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("Demo data is for DEMO=true only, and this installation is not a demo.")
        user = _user()
        workspace = _workspace(user)
        _dataset(workspace, user)
        if options["connect"]:
            profile = _connect(workspace, user, options["connect"], options.get("visit") or Visit())
            self.stdout.write(f"Connected the profile {profile.username}.")


def _user() -> User:
    user = User.objects.filter(email=settings.DEMO_EMAIL).first()
    if user is None:
        # In a demo everything may be seen, the administration included; a production start refuses this user.
        return create_verified_user(
            email=settings.DEMO_EMAIL,
            password=settings.DEMO_PASSWORD,
            name="Demo",
            is_demo=True,
            is_staff=True,
            is_superuser=True,
        )
    if not user.check_password(settings.DEMO_PASSWORD):
        user.set_password(settings.DEMO_PASSWORD)
        user.save(update_fields=["password"])
    return user


def _workspace(user: User) -> Workspace:
    found = Workspace.objects.filter(is_demo=True, members=user).order_by("pk").first()
    return found or create_workspace(name=WORKSPACE, by=user, is_demo=True)


def _dataset(workspace: Workspace, user: User) -> None:
    dataset = Dataset.objects.for_workspace(workspace).filter(name=DATASET).first()
    if dataset is None:
        dataset = create_dataset(workspace, by=user, name=DATASET, description=DESCRIPTION)
    # A start that was interrupted may have left the dataset without rows, or with rows that nobody has looked at.
    waiting = Snapshot.objects.filter(dataset=dataset, state=SnapshotState.RECEIVED).first()
    if not Snapshot.objects.filter(dataset=dataset).exists():
        waiting = receive_upload(
            dataset,
            by=user,
            file=BytesIO(sample.content()),
            original_name="sample-customers.csv",
            mode=WriteMode.OVERWRITE,
            is_examined=False,
        )
    if waiting is not None:
        examine(waiting)


def _connect(workspace: Workspace, user: User, simulated_user: str, visit: Visit) -> Profile:
    if not settings.USE_SIMULATOR:
        raise CommandError("A Pinterest app is configured, so profiles are connected in the browser.")
    session = SessionStore()
    address = start_connect(workspace, by=user, session=session)
    try:
        outcome = finish_connect(visit.allow(address, simulated_user), session=session, user=user)
    except VisitFailedError as failure:
        raise CommandError(str(failure)) from failure
    if outcome.profile is None:
        raise CommandError(f"The profile could not be connected: {outcome.code}.")
    read_ad_accounts(outcome.profile)
    _choose_first(workspace, outcome.profile, user)
    return outcome.profile


def _choose_first(workspace: Workspace, profile: Profile, user: User) -> None:
    accesses = AdAccountAccess.objects.filter(profile=profile, can_write_lists=True).order_by(
        "ad_account__pinterest_id"
    )
    first = accesses.select_related("ad_account").first()
    if first is not None and not accesses.filter(ad_account__is_chosen=True).exists():
        choose_ad_accounts(workspace, by=user, shown=[first.ad_account.pk], chosen=[first.ad_account.pk])
