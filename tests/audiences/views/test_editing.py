"""The page on which a published delivery is changed, and the one that asks before a new list is made."""

from audiences.models import Audience, Delivery
from pinconnect.workspaces.roles import Role
from tests.audiences.views.conftest import Pages
from tests.audiences.views.test_setup import columns
from tests.factories_audiences import drive


def edit(pages: Pages, **changes: str) -> str:
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
    answer = pages.web.post(pages.url(f"deliveries/{pages.shop.delivery.pk}/edit/"), data, follow=True)
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


def test_editing_is_for_marketers_and_not_for_what_is_archived(pages: Pages) -> None:
    path = f"deliveries/{pages.shop.delivery.pk}/edit/"
    assert pages.as_role(Role.VIEWER).get(path).status_code == 403
    assert pages.as_outsider().get(path).status_code == 404
    Delivery.objects.update(state="archived")

    assert "stays as it is" in edit(pages, mode="add")
    assert Delivery.objects.get().mode == "mirror"


def gone(pages: Pages) -> str:
    """The address of the page that asks, for a delivery whose list is gone."""
    drive(pages.shop.delivery.runs.get())
    Audience.objects.update(list_state="GONE")
    return f"deliveries/{pages.shop.delivery.pk}/new-list/"


def test_a_list_that_is_gone_is_said_on_the_delivery_and_replaced_after_asking(pages: Pages) -> None:
    path = gone(pages)
    assert "The list is gone from Pinterest" in pages.get(f"deliveries/{pages.shop.delivery.pk}/").content.decode()
    assert "Make a new list for “Newsletter”?" in pages.get(path).content.decode()
    assert Audience.objects.count() == 1, "asking changes nothing"

    pages.post(path)

    assert Audience.objects.count() == 2
    assert Delivery.objects.get().audience.customer_list_id == ""


def test_a_new_list_is_for_marketers_and_only_where_the_old_one_is_gone(pages: Pages) -> None:
    path = f"deliveries/{pages.shop.delivery.pk}/new-list/"
    assert "is not gone" in pages.web.post(pages.url(path), follow=True).content.decode()
    assert Audience.objects.count() == 1

    gone(pages)
    assert pages.as_role(Role.VIEWER).post(path).status_code == 403
    assert (
        "Make a new list"
        not in pages.as_role(Role.VIEWER).get(f"deliveries/{pages.shop.delivery.pk}/").content.decode()
    )
    assert pages.as_outsider().post(path).status_code == 404
