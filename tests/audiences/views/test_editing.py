"""The page on which a published delivery is changed, and the one that asks before a new list is made."""

import pytest

from audiences.models import Audience, Delivery
from audiences.views.editing import stamp
from pinconnect.workspaces.roles import Role
from tests.audiences.views.conftest import Pages
from tests.audiences.views.test_setup import columns
from tests.factories_audiences import drive


def path(pages: Pages) -> str:
    return f"deliveries/{pages.shop.delivery.pk}/edit/"


def seen_in(text: str) -> str:
    return text.split('name="seen" value="')[1].split('"')[0]


def edit(pages: Pages, **changes: str) -> str:
    """What the form sends; the page is loaded just before, unless the test says what was seen."""
    if "seen" not in changes:
        changes["seen"] = seen_in(pages.get(path(pages)).content.decode())
    data = {
        **columns(email="email"),
        "name": "Newsletter",
        "mode": "mirror",
        "audience_name": "Audience-Newsletter",
        "description": "",
        "hold_share": "30",
        "hold_add_share": "200",
        **changes,
    }
    answer = pages.web.post(pages.url(path(pages)), data, follow=True)
    return " ".join(answer.content.decode().split())


def test_what_is_chosen_now_is_shown_and_a_run_under_way_is_announced(pages: Pages) -> None:
    text = " ".join(pages.get(f"deliveries/{pages.shop.delivery.pk}/edit/").content.decode().split())

    assert 'value="Newsletter"' in text
    assert "A run is under way" in text


def test_mode_name_and_columns_change_and_it_is_said_from_when_on(pages: Pages) -> None:
    assert "It counts from the next run on" in edit(pages, mode="add", name="Readers", **columns(phone="phone"))

    stored = Delivery.objects.get()
    assert (stored.name, stored.mode, stored.columns.get().kind) == ("Readers", "add", "phone")


def test_shares_above_which_a_run_waits_are_changed_within_their_bounds(pages: Pages) -> None:
    assert "The change is saved" in edit(pages, hold_share="5", hold_add_share="1000")

    stored = Delivery.objects.get()
    assert (stored.hold_share, stored.hold_add_share) == (5, 1000)
    assert "5% of the list, or adds more than 1,000%" in page_text(pages)

    assert "less than or equal to 100" in edit(pages, hold_share="101", name="Readers")
    assert "greater than or equal to 1" in edit(pages, hold_add_share="0", name="Readers")
    stored.refresh_from_db()
    assert (stored.hold_share, stored.hold_add_share, stored.name) == (5, 1000, "Newsletter")


def page_text(pages: Pages) -> str:
    return " ".join(pages.get(f"deliveries/{pages.shop.delivery.pk}/").content.decode().split())


def test_saving_without_a_change_says_so(pages: Pages) -> None:
    assert "Nothing was different" in edit(pages)


def test_what_is_missing_is_said_and_nothing_is_saved(pages: Pages) -> None:
    assert "Choose at least one column" in edit(pages, mode="add", **columns())
    assert "This field is required" in edit(pages, mode="add", name="")
    assert Delivery.objects.get().mode == "mirror"


def test_the_rest_is_saved_when_pinterest_does_not_rename(pages: Pages) -> None:
    drive(pages.shop.delivery.runs.get())
    pages.shop.simulator.fault("error", status=403, code=29, operation="audiences/update")

    text = edit(pages, name="Readers", audience_name="Readers")

    assert "The rest is saved. Pinterest does not let" in text
    stored = Delivery.objects.get()
    assert (stored.name, stored.audience.audience_name) == ("Readers", "Audience-Newsletter")

    again = edit(pages, name="Readers", audience_name="Audience-Newsletter", mode="add", seen=seen_in(text))
    assert "It counts from the next run on" in again, "what the same form has saved is not in its own way"


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"name": "Readers"},
        {"mode": "add"},
        {"hold_share": "5"},
        {"hold_add_share": "900"},
        {"audience_name": "Audience-Readers"},
        {"description": "All readers."},
        columns(email="email", phone="phone"),
    ],
)
def test_an_old_tab_undoes_nothing_of_what_was_saved_meanwhile(pages: Pages, elsewhere: dict[str, str]) -> None:
    drive(pages.shop.delivery.runs.get())
    old = seen_in(pages.get(path(pages)).content.decode())
    assert "The change is saved" in edit(pages, **elsewhere)
    saved = stamp(Delivery.objects.get())

    text = edit(pages, mode="remove", description="Typed in the old tab", seen=old)

    assert "Somebody has changed this delivery or its audience meanwhile" in text
    assert "Typed in the old tab</textarea>" in text
    assert stamp(Delivery.objects.get()) == saved
    assert seen_in(text) == old, "pressing Save again does not get past it"


def test_a_form_without_its_stamp_saves_nothing(pages: Pages) -> None:
    assert "Load the page again" in edit(pages, name="Readers", seen="")
    assert Delivery.objects.get().name == "Newsletter"


def test_editing_is_for_marketers_and_not_for_what_is_archived(pages: Pages) -> None:
    assert pages.as_role(Role.VIEWER).get(path(pages)).status_code == 403
    assert pages.as_outsider().get(path(pages)).status_code == 404
    seen = seen_in(pages.get(path(pages)).content.decode())
    Delivery.objects.update(state="archived")

    assert "stays as it is" in edit(pages, mode="add", seen=seen)
    assert Delivery.objects.get().mode == "mirror"


def gone(pages: Pages) -> str:
    """The address of the page that asks, for a delivery whose list is gone."""
    drive(pages.shop.delivery.runs.get())
    Audience.objects.update(list_state="GONE")
    return f"deliveries/{pages.shop.delivery.pk}/new-list/"


def test_a_list_that_is_gone_is_said_on_the_delivery_and_replaced_after_asking(pages: Pages) -> None:
    asking = gone(pages)
    assert "The list is gone from Pinterest" in pages.get(f"deliveries/{pages.shop.delivery.pk}/").content.decode()
    assert "Make a new list for “Newsletter”?" in pages.get(asking).content.decode()
    assert Audience.objects.count() == 1, "asking changes nothing"

    pages.post(asking)

    assert Audience.objects.count() == 2
    assert Delivery.objects.get().audience.customer_list_id == ""


def test_a_new_list_is_for_marketers_and_only_where_the_old_one_is_gone(pages: Pages) -> None:
    asking = f"deliveries/{pages.shop.delivery.pk}/new-list/"
    assert "is not gone" in pages.web.post(pages.url(asking), follow=True).content.decode()
    assert Audience.objects.count() == 1

    gone(pages)
    assert pages.as_role(Role.VIEWER).post(asking).status_code == 403
    assert (
        "Make a new list"
        not in pages.as_role(Role.VIEWER).get(f"deliveries/{pages.shop.delivery.pk}/").content.decode()
    )
    assert pages.as_outsider().post(asking).status_code == 404
