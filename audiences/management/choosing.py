"""Which workspace, profile, ad account, dataset and delivery the command line means; each by name, or the only one."""

from dataclasses import dataclass

from django.core.management.base import CommandError

from audiences.filtering import where
from audiences.filtering.conditions import FilterError
from audiences.models import Audience, Delivery, Scope
from audiences.services import deliveries, editing, existing, filters
from audiences.services.deliveries import ColumnChoice
from audiences.states import DeliveryState
from pinconnect.datasets.models import Dataset
from pinconnect.datasets.services import create_dataset, current_snapshots
from pinconnect.identifiers import kinds
from pinconnect.profiles.models import AdAccount, AdAccountAccess, Profile
from pinconnect.profiles.services import choose_ad_accounts
from pinconnect.workspaces.models import Workspace


@dataclass(frozen=True)
class Wish:
    """What the command line asks for.

    list_id: a list that is on Pinterest already, "" for a new one of the audience's name.
    is_whole: all rows, else with no where the delivery keeps its filter.
    """

    name: str
    audience: str
    mode: str
    columns: tuple[ColumnChoice, ...]
    where: tuple[str, ...] = ()
    is_whole: bool = False
    list_id: str = ""


def workspace_named(slug: str) -> Workspace:
    """Raises CommandError with the choices when it is not clear."""
    found = list(Workspace.objects.filter(slug=slug) if slug else Workspace.objects.order_by("pk")[:2])
    if len(found) == 1:
        return found[0]
    known = ", ".join(Workspace.objects.order_by("slug").values_list("slug", flat=True)[:20])
    if not known:
        raise CommandError("There is no workspace yet. Sign in once in the browser and make one.")
    asked = f"There is no workspace “{slug}”." if slug else "There are several workspaces: say which with --workspace."
    raise CommandError(f"{asked} Workspaces: {known}.")


def profile_named(workspace: Workspace, username: str) -> Profile:
    connected = Profile.objects.for_workspace(workspace).connected()
    found = list(connected.filter(username__iexact=username.lstrip("@")) if username else connected[:2])
    if len(found) == 1:
        return found[0]
    known = ", ".join(connected.values_list("username", flat=True))
    if not known:
        raise CommandError(
            f"No Pinterest profile is connected in “{workspace}”. Connect one in the browser, under Profiles; "
            "in the demo also with: python manage.py demo --connect"
        )
    asked = (
        f"No connected profile is called “{username}”." if username else "Several profiles are connected: say which."
    )
    raise CommandError(f"{asked} Use --profile with one of: {known}.")


def ad_account_numbered(profile: Profile, pinterest_id: str) -> AdAccount:
    """The ad account of this id, which is thereby chosen; without one the only chosen one, or the only one there is."""
    accesses = AdAccountAccess.objects.filter(profile=profile, can_write_lists=True).select_related("ad_account")
    accounts = [access.ad_account for access in accesses.order_by("pk")]
    if pinterest_id:
        fitting = [account for account in accounts if account.pinterest_id == pinterest_id]
    else:
        fitting = [account for account in accounts if account.is_chosen] or accounts
    if len(fitting) == 1:
        return _chosen(fitting[0])
    known = ", ".join(f"{account.pinterest_id} ({account})" for account in accounts[:20])
    if not known:
        raise CommandError(f"The profile “{profile}” reaches no ad account in which it may write audiences.")
    asked = (
        f"The profile “{profile}” may not write audiences in an ad account {pinterest_id}."
        if pinterest_id
        else "There are several ad accounts: say which with --ad-account."
    )
    raise CommandError(f"{asked} It may in: {known}.")


def dataset_named(workspace: Workspace, name: str) -> Dataset:
    """The dataset of that name, new if there is none."""
    found = Dataset.objects.for_workspace(workspace).current().filter(name=name).first()
    return found or create_dataset(workspace, by=None, name=name)


def columns_of(mapped: list[str], country: str) -> tuple[ColumnChoice, ...]:
    """COLUMN=KIND, or COLUMN=KIND:plain or COLUMN=KIND:hashed. country: for phone numbers without a country code."""
    return tuple(_column(text, country) for text in mapped)


def filtered(delivery: Delivery, wish: Wish) -> Delivery:
    """The delivery with the rows that the command line asks for. Raises CommandError and ServiceRefusal."""
    if not wish.where and not wish.is_whole:
        return delivery
    columns = list(delivery.dataset.columns.values_list("name", flat=True))
    try:
        row_filter = where.parse(wish.where, columns)
    except FilterError as error:
        raise CommandError(f"--where: {error.sentence}") from error
    return filters.set_filter(delivery, by=None, row_filter=row_filter)


def delivery_for(dataset: Dataset, wish: Wish, profile: Profile, ad_account: AdAccount) -> Delivery:
    """The delivery of that name brought in line with the wish, or a new draft. Raises ServiceRefusal, CommandError."""
    found = Delivery.objects.for_workspace(dataset.workspace).not_archived().filter(name=wish.name)
    delivery = found.select_related("audience", "dataset").first()
    if delivery is None:
        delivery = deliveries.create_draft(
            workspace=dataset.workspace, by=None, name=wish.name, dataset=dataset, mode=wish.mode, scope=Scope.ALL
        )
    if delivery.dataset_id != dataset.pk:
        raise CommandError(
            f"The delivery “{wish.name}” belongs to the dataset “{delivery.dataset}”. Use --name for another delivery."
        )
    if delivery.state == DeliveryState.DRAFT:
        return _complete(delivery, dataset, wish, profile, ad_account)
    audience = delivery.audience
    if audience is None or not _goes_to(audience, wish) or audience.ad_account_id != ad_account.pk:
        raise CommandError(
            f"The delivery “{wish.name}” goes to another audience or ad account. Use --name for another delivery."
        )
    changes = editing.Wish(mode=wish.mode, columns=wish.columns, profile=profile)
    if editing.change(delivery, changes, by=None, between_runs=True):
        delivery.refresh_from_db()
    return delivery


def _goes_to(audience: Audience, wish: Wish) -> bool:
    return audience.customer_list_id == wish.list_id if wish.list_id else audience.name == wish.audience


def _complete(draft: Delivery, dataset: Dataset, wish: Wish, profile: Profile, ad_account: AdAccount) -> Delivery:
    # The file just given is what should go out, and to a delivery published after it, it is not new. Where it is all
    # that the dataset holds, all data means this file and what comes later; elsewhere old data would go out as well.
    scope = Scope.ALL if len(current_snapshots(dataset)) == 1 else draft.scope
    draft = deliveries.change_basics(draft, by=None, name=wish.name, dataset=dataset, mode=wish.mode, scope=scope)
    draft = deliveries.set_profile(draft, by=None, profile=profile)
    if wish.list_id:
        draft = existing.choose(draft, by=None, ad_account=ad_account, list_id=wish.list_id)
    else:
        draft = deliveries.set_target(draft, by=None, ad_account=ad_account, name=wish.audience)
    return deliveries.set_columns(draft, by=None, columns=list(wish.columns))


def _column(text: str, country: str) -> ColumnChoice:
    column, found, kind = text.rpartition("=")
    kind, _, treatment = kind.partition(":")
    if not found or not column or not kind:
        raise CommandError(f"--map {text}: write COLUMN=KIND, for example email=email or “Mobile phone=phone”.")
    if kind not in kinds.KINDS:
        raise CommandError(f"--map {text}: “{kind}” is no kind of identifier. Kinds: {', '.join(kinds.KINDS)}.")
    return ColumnChoice(column, kind, treatment or "auto", country if kind == "phone" else "")


def _chosen(account: AdAccount) -> AdAccount:
    if not account.is_chosen:
        choose_ad_accounts(account.workspace, by=None, shown=[account.pk], chosen=[account.pk])
        account.refresh_from_db()
    return account
