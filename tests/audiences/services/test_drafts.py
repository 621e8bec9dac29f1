"""Setting a delivery up: each step's rules, in words."""

import pytest

from audiences.models import Delivery, Mode, Scope
from audiences.services import deliveries
from audiences.services.deliveries import ColumnChoice, ServiceRefusal
from pinconnect.datasets.services import archive
from pinconnect.workspaces.models import AuditEvent
from tests.factories import make_workspace
from tests.factories_audiences import EMAIL, make_ad_account, make_dataset, make_draft, make_profile, make_shop, people
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db
ROWS = people(range(3))


@pytest.fixture
def draft(simulator: SimulatorInTest) -> Delivery:
    profile = make_profile(make_workspace(), simulator)
    return make_draft(profile, make_ad_account(profile), make_dataset(profile.workspace, ROWS))


def refusal_of(call: object, *args: object, **kwargs: object) -> ServiceRefusal:
    with pytest.raises(ServiceRefusal) as refused:
        call(*args, by=None, **kwargs)  # type: ignore[operator]
    return refused.value


def test_a_draft_names_the_list_and_the_audience_after_what_the_marketer_chose(draft: Delivery) -> None:
    deliveries.set_target(draft, by=None, ad_account=draft.audience.ad_account, name="  Loyal   customers ")

    draft.refresh_from_db()
    assert draft.audience.name == "Loyal customers"
    assert draft.audience.customer_list_name == "Customer List-Loyal customers"
    assert draft.audience.audience_name == "Audience-Loyal customers"


def test_every_change_of_a_draft_is_in_the_audit_log(draft: Delivery) -> None:
    verbs = list(AuditEvent.objects.filter(object_type="delivery").values_list("verb", flat=True))

    assert verbs.count("delivery.created") == 1
    assert verbs.count("delivery.changed") == 3


def test_two_deliveries_cannot_have_one_name(draft: Delivery) -> None:
    refused = refusal_of(
        deliveries.create_draft,
        workspace=draft.workspace, name=draft.name, dataset=draft.dataset, mode=Mode.ADD, scope=Scope.ALL,
    )  # fmt: skip

    assert refused.code == "name_taken"
    assert draft.name in refused.sentence


def test_another_dataset_forgets_the_columns(draft: Delivery) -> None:
    other = make_dataset(draft.workspace, ROWS, name="Others")

    deliveries.change_basics(draft, by=None, name="X", dataset=other, mode=Mode.ADD, scope=Scope.NEW)

    draft.refresh_from_db()
    assert (draft.dataset, draft.mode, draft.scope) == (other, Mode.ADD, Scope.NEW)
    assert deliveries.missing_steps(draft) == ["columns"]


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ([], "no_columns"),
        ([ColumnChoice("nowhere", "email")], "no_dataset_column"),
        ([ColumnChoice("email", "postcard")], "unknown_kind"),
        ([ColumnChoice("email", "email", "boiled")], "unknown_treatment"),
        ([ColumnChoice("phone", "phone", "auto", "ZZ")], "unknown_country"),
        ([ColumnChoice("email", "email"), ColumnChoice("email", "gaid")], "column_twice"),
        ([ColumnChoice("email", "email"), ColumnChoice("phone", "lr_id")], "cannot_mix"),
    ],
)
def test_columns_that_cannot_be_sent_are_refused_and_nothing_changes(
    draft: Delivery, columns: list[ColumnChoice], code: str
) -> None:
    refused = refusal_of(deliveries.set_columns, draft, columns=columns)

    assert refused.code == code
    assert [column.column for column in draft.columns.all()] == ["email"]


def test_an_ad_account_without_the_audience_role_is_refused(draft: Delivery) -> None:
    other = make_ad_account(draft.profile, pinterest_id="549700000201", can_write_lists=False)

    refused = refusal_of(deliveries.set_target, draft, ad_account=other, name="X")

    assert refused.code == "ad_account_not_permitted"


def test_an_ad_account_that_nobody_chose_or_the_profile_does_not_reach_is_refused(draft: Delivery) -> None:
    account = draft.audience.ad_account
    account.is_chosen = False
    account.save()
    assert refusal_of(deliveries.set_target, draft, ad_account=account, name="X").code == "ad_account_not_chosen"

    account.is_chosen = True
    account.save()
    account.accesses.all().delete()
    assert refusal_of(deliveries.set_target, draft, ad_account=account, name="X").code == "ad_account_not_reached"
    assert deliveries.missing_steps(draft) == ["ad-account"]


def test_what_belongs_to_another_workspace_does_not_fit(draft: Delivery, simulator: SimulatorInTest) -> None:
    stranger = make_profile(make_workspace("Elsewhere"), simulator)

    assert refusal_of(deliveries.set_profile, draft, profile=stranger).code == "elsewhere"
    assert refusal_of(deliveries.set_target, draft, ad_account=make_ad_account(stranger), name="X").code == "elsewhere"


@pytest.mark.parametrize(
    ("fields", "code"),
    [({"state": "expired"}, "profile_not_usable"), ({"has_all_scopes": False}, "profile_lacks_scopes")],
)
def test_a_profile_that_cannot_deliver_is_refused(
    draft: Delivery, simulator: SimulatorInTest, fields: dict[str, object], code: str
) -> None:
    profile = make_profile(draft.workspace, simulator, user="dana", **fields)

    assert refusal_of(deliveries.set_profile, draft, profile=profile).code == code


def test_an_incomplete_draft_cannot_be_published_and_says_what_is_missing(draft: Delivery) -> None:
    draft.columns.all().delete()
    draft.profile.state = "expired"
    draft.profile.save()
    archive(draft.dataset, by=None)

    refused = refusal_of(deliveries.publish, draft)

    assert deliveries.missing_steps(draft) == ["basics", "profile", "columns"]
    assert "choose at least one column" in refused.sentence
    assert draft.runs.count() == 0


def test_columns_are_proposed_from_names_and_contents(draft: Delivery) -> None:
    proposed = {choice.column: choice.kind for choice in deliveries.propose_columns(draft)}

    assert proposed["email"] == "email"
    assert proposed["phone"] == "phone"


def test_a_published_delivery_is_no_draft_any_more(simulator: SimulatorInTest) -> None:
    shop = make_shop(simulator, ROWS)

    assert refusal_of(deliveries.set_columns, shop.delivery, columns=list(EMAIL)).code == "not_a_draft"
