"""Setting up a delivery: a draft is changed step by step until it is complete."""

from collections.abc import Sequence
from dataclasses import dataclass

import phonenumbers
from django.db import IntegrityError, transaction

from audiences.filtering.conditions import FilterError, RowFilter, check_mapped
from audiences.models import Audience, Delivery, DeliveryColumn, Mode
from audiences.services.plan import choose_wire
from audiences.services.refusals import ServiceRefusal
from audiences.states import DeliveryState
from pinconnect.datasets.models import Dataset, SnapshotState
from pinconnect.identifiers import kinds
from pinconnect.profiles.models import AdAccount, AdAccountAccess, Profile
from pinconnect.workspaces import audit
from pinconnect.workspaces.models import User, Workspace

STEPS = {
    "basics": "choose a dataset that has data",
    "profile": "choose a connected profile",
    "ad-account": "choose an ad account in which the profile may write audiences",
    "audience": "name the audience or choose its list",
    "columns": "choose at least one column",
}


@dataclass(frozen=True)
class ColumnChoice:
    """One column of the dataset as one kind of identifier. default_country: for phones, "" for none."""

    column: str
    kind: str
    treatment: str = "auto"
    default_country: str = ""

    @property
    def country(self) -> str:
        """The default country where it counts, in capitals."""
        return self.default_country.upper() if self.kind == "phone" and self.treatment in ("auto", "plain") else ""


def create_draft(
    *, workspace: Workspace, by: User | None, name: str, dataset: Dataset, mode: str, scope: str
) -> Delivery:
    """A new draft. Raises ServiceRefusal when the name is blank or taken or the dataset cannot be used."""
    draft = Delivery(workspace=workspace, created_by=by)
    _set_basics(draft, name=name, dataset=dataset, mode=mode, scope=scope)
    with transaction.atomic():
        _save_named(draft)
        audit.record("delivery.created", draft, workspace=workspace, by=by)
    return draft


def change_basics(
    delivery: Delivery, *, by: User | None, name: str, dataset: Dataset, mode: str, scope: str
) -> Delivery:
    """Change name, dataset, mode and scope of a draft. Columns and conditions of another dataset are forgotten."""
    with transaction.atomic():
        draft = locked_draft(delivery)
        if draft.dataset_id != dataset.pk:
            draft.columns.all().delete()
            draft.row_filter = {}
        _set_basics(draft, name=name, dataset=dataset, mode=mode, scope=scope)
        _save_named(draft)
        audit.record("delivery.changed", draft, workspace=draft.workspace, by=by, what="basics")
    return draft


def set_profile(delivery: Delivery, *, by: User | None, profile: Profile) -> Delivery:
    """Choose in whose name the delivery speaks to Pinterest."""
    with transaction.atomic():
        draft = locked_draft(delivery)
        if profile.workspace_id != draft.workspace_id:
            raise ServiceRefusal("elsewhere")
        if not profile.is_usable:
            raise ServiceRefusal("profile_not_usable", profile=profile)
        if not profile.has_all_scopes:
            raise ServiceRefusal("profile_lacks_scopes", profile=profile)
        draft.profile = profile
        draft.save(update_fields=["profile"])
        audit.record("delivery.changed", draft, workspace=draft.workspace, by=by, what="profile")
    return draft


def set_target(
    delivery: Delivery, *, by: User | None, ad_account: AdAccount, name: str, description: str = ""
) -> Delivery:
    """Choose the ad account and name the new list and audience; Pinterest hears of them with the first run."""
    name = " ".join(name.split())
    if not name:
        raise ServiceRefusal("name_blank", what="audience")
    with transaction.atomic():
        draft = locked_draft(delivery)
        check_target(draft.profile, ad_account)
        audience = own_audience(draft) or Audience(workspace=draft.workspace)
        audience.ad_account, audience.name, audience.description = ad_account, name, description
        audience.customer_list_name, audience.audience_name = f"Customer List-{name}", f"Audience-{name}"
        audience.save()
        draft.audience = audience
        draft.save(update_fields=["audience"])
        audit.record("delivery.changed", draft, workspace=draft.workspace, by=by, what="audience")
    return draft


def own_audience(draft: Delivery) -> Audience | None:
    """The audience that a draft may still name, because nothing of it is on Pinterest yet."""
    audience = draft.audience
    if audience is None or audience.customer_list_id or audience.deliveries.exclude(pk=draft.pk).exists():
        return None
    return audience


def set_ad_account(delivery: Delivery, *, by: User | None, ad_account: AdAccount) -> Delivery:
    """Choose the ad account. The audience stays as it was chosen there; in another one it is new and named anew."""
    audience = delivery.audience
    if audience is not None and audience.customer_list_id and audience.ad_account_id == ad_account.pk:
        check_target(delivery.profile, ad_account)
        return delivery
    kept = audience if audience is not None and not audience.customer_list_id else None
    return set_target(
        delivery,
        by=by,
        ad_account=ad_account,
        name=kept.name if kept else delivery.dataset.name,
        description=kept.description if kept else delivery.dataset.description[:1000],
    )


def check_target(profile: Profile | None, ad_account: AdAccount) -> None:
    """Raises ServiceRefusal unless the profile may write audiences in the ad account."""
    if profile is None:
        raise ServiceRefusal("no_profile")
    if ad_account.workspace_id != profile.workspace_id:
        raise ServiceRefusal("elsewhere")
    if not ad_account.is_chosen:
        raise ServiceRefusal("ad_account_not_chosen", ad_account=ad_account)
    access = AdAccountAccess.objects.filter(profile=profile, ad_account=ad_account).first()
    if access is None:
        raise ServiceRefusal("ad_account_not_reached", profile=profile, ad_account=ad_account)
    if not access.can_write_lists:
        raise ServiceRefusal("ad_account_not_permitted", profile=profile, ad_account=ad_account)


def set_columns(delivery: Delivery, *, by: User | None, columns: Sequence[ColumnChoice]) -> Delivery:
    """Replace the choice of columns. Raises ServiceRefusal for what cannot be sent or sent together."""
    with transaction.atomic():
        draft = locked_draft(delivery)
        chosen = checked_columns(draft, columns)
        choose_wire(chosen, draft.audience)
        store_columns(draft, chosen)
        audit.record("delivery.changed", draft, workspace=draft.workspace, by=by, what="columns")
    return draft


def propose_columns(delivery: Delivery) -> list[ColumnChoice]:
    """What names and contents of the dataset's columns suggest; kinds that cannot travel with the rest are left out."""
    found = [column for column in delivery.dataset.columns.all() if column.proposed_kind in kinds.KINDS]
    together = [column for column in found if kinds.get(column.proposed_kind).row_field is not None]
    chosen = together or found[:1]
    return [ColumnChoice(column.name, column.proposed_kind, column.proposed_treatment) for column in chosen]


def missing_steps(delivery: Delivery) -> list[str]:
    """The steps of the set-up that are not complete, in order: basics, profile, ad-account, audience, columns."""
    audience, profile = delivery.audience, delivery.profile
    done = {
        "basics": delivery.dataset.archived_at is None
        and delivery.dataset.snapshots.filter(state=SnapshotState.READY).exists(),
        "profile": profile is not None and profile.is_usable,
        "ad-account": audience is not None and _is_permitted(profile, audience.ad_account),
        # Nobody can be taken out of a list that does not exist.
        "audience": audience is not None
        and bool(audience.name)
        and bool(delivery.mode != Mode.REMOVE or audience.customer_list_id),
        "columns": delivery.columns.exists(),
    }
    return [step for step in STEPS if not done[step]]


def _is_permitted(profile: Profile | None, ad_account: AdAccount) -> bool:
    try:
        check_target(profile, ad_account)
    except ServiceRefusal:
        return False
    return True


def locked_draft(delivery: Delivery) -> Delivery:
    """The draft, locked. Raises ServiceRefusal for what is no draft any more."""
    draft = Delivery.objects.select_for_update().get(pk=delivery.pk)
    if draft.state == DeliveryState.ARCHIVED:
        raise ServiceRefusal("archived", name=draft.name)
    if draft.state != DeliveryState.DRAFT:
        raise ServiceRefusal("not_a_draft", name=draft.name)
    return draft


def _set_basics(draft: Delivery, *, name: str, dataset: Dataset, mode: str, scope: str) -> None:
    draft.name = " ".join(name.split())
    if not draft.name:
        raise ServiceRefusal("name_blank", what="delivery")
    if dataset.workspace_id != draft.workspace_id:
        raise ServiceRefusal("elsewhere")
    if dataset.archived_at is not None:
        raise ServiceRefusal("dataset_archived", name=dataset.name)
    draft.dataset, draft.mode, draft.scope = dataset, mode, scope


def _save_named(draft: Delivery) -> None:
    try:
        with transaction.atomic():
            draft.save()
    except IntegrityError as error:
        raise ServiceRefusal("name_taken", name=draft.name) from error


def checked_columns(delivery: Delivery, columns: Sequence[ColumnChoice]) -> list[DeliveryColumn]:
    """The choices as rows that are not stored yet. Raises ServiceRefusal for what the dataset or a rule forbids."""
    chosen = [_checked(delivery, choice) for choice in columns]
    if not chosen:
        raise ServiceRefusal("no_columns")
    names = [column.column for column in chosen]
    for name in names:
        if names.count(name) > 1:
            raise ServiceRefusal("column_twice", column=name)
    try:
        check_mapped(RowFilter.from_json(delivery.row_filter), chosen)
    except FilterError as error:
        raise ServiceRefusal("filter_refused", sentence=error.sentence) from error
    return chosen


def store_columns(delivery: Delivery, chosen: list[DeliveryColumn]) -> None:
    """Put them in the place of the columns that the delivery has. Call it in a transaction."""
    delivery.columns.all().delete()
    DeliveryColumn.objects.bulk_create(chosen)


def _checked(draft: Delivery, choice: ColumnChoice) -> DeliveryColumn:
    known = list(draft.dataset.columns.values_list("name", flat=True))
    if choice.column not in known:
        raise ServiceRefusal("no_dataset_column", column=choice.column, columns=", ".join(known) or "none")
    if choice.kind not in kinds.KINDS:
        raise ServiceRefusal("unknown_kind", kind=choice.kind, kinds=", ".join(kinds.KINDS))
    kind = kinds.get(choice.kind)
    if choice.treatment not in kind.treatments:
        allowed = ", ".join(kind.treatments)
        raise ServiceRefusal("unknown_treatment", treatment=choice.treatment, label=kind.label, treatments=allowed)
    if choice.default_country and choice.default_country.upper() not in phonenumbers.SUPPORTED_REGIONS:
        raise ServiceRefusal("unknown_country", country=choice.default_country)
    return DeliveryColumn(
        delivery=draft,
        column=choice.column,
        kind=choice.kind,
        treatment=choice.treatment,
        default_country=choice.country,
    )
