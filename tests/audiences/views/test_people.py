"""Looking up why a person is in an audience."""

from hashlib import sha256

from audiences.models import Audience, DeliveryColumn, Run
from pinconnect.datasets.models import WriteMode
from pinconnect.workspaces.models import AuditEvent
from pinconnect.workspaces.roles import Role
from tests.audiences.views.conftest import Pages
from tests.factories_audiences import add_snapshot, drive, make_draft, people

MEMBER = "member00007@example.com"


def text_of(pages: Pages, **data: str) -> str:
    answer = pages.post("people/", **{"kind": "email", "default_country": "none", **data})
    assert answer.status_code == 200
    return answer.content.decode()


def test_member_is_explained_with_dataset_snapshot_run_and_time(pages: Pages) -> None:
    run = drive(Run.objects.get())

    text = text_of(pages, value=MEMBER)

    assert "On the list" in text
    assert "A row of the dataset “Customers” carried it." in text
    assert f"/runs/{run.pk}/" in text
    assert f"/datasets/{pages.shop.dataset.pk}/snapshots/1/" in text


def test_who_left_is_explained_too(pages: Pages) -> None:
    drive(Run.objects.get())
    add_snapshot(pages.shop.dataset, people(range(8, 300)))
    drive(pages.shop.start())

    text = text_of(pages, value=MEMBER)

    assert "Not on the list any more" in text
    assert "did not carry it any more" in text


def test_hash_finds_the_same_person(pages: Pages) -> None:
    drive(Run.objects.get())

    assert "A row of the dataset" in text_of(pages, value=sha256(MEMBER.encode()).hexdigest().upper())


def test_stranger_to_every_list_is_said_to_be_on_none(pages: Pages) -> None:
    drive(Run.objects.get())

    assert "On no list" in text_of(pages, value="somebody.else@example.com")


def test_lists_that_others_write_to_are_counted_beside_the_answer(pages: Pages) -> None:
    drive(Run.objects.get())
    assert "also written by others" not in text_of(pages, value="somebody.else@example.com")

    Audience.objects.update(is_shared=True)
    text = text_of(pages, value="somebody.else@example.com")

    assert "On no list" in text
    assert "1 list of this workspace is also written by others" in text


def test_list_that_is_gone_from_pinterest_is_said_to_be_gone(pages: Pages) -> None:
    drive(Run.objects.get())
    Audience.objects.update(list_state="GONE")

    text = text_of(pages, value=MEMBER)

    assert "The list is gone" in text
    assert "On the list" not in text


def test_of_many_snapshots_the_newest_are_shown_and_the_others_folded(pages: Pages) -> None:
    drive(Run.objects.get())
    for number in range(300, 305):
        add_snapshot(pages.shop.dataset, people([number]), mode=WriteMode.APPEND)
    drive(pages.shop.start())

    shown, _, folded = text_of(pages, value="member00304@example.com").partition("<summary>and 3 more</summary>")

    link = f"/datasets/{pages.shop.dataset.pk}/snapshots/"
    assert [f"{link}{number}/" in shown for number in range(1, 7)] == [False, False, False, True, True, True]
    assert [f"{link}{number}/" in folded for number in range(1, 7)] == [True, True, True, False, False, False]


def test_value_that_is_no_identifier_is_refused_in_words(pages: Pages) -> None:
    text = text_of(pages, value="nobody")

    assert "No @ in the address" in text
    assert "On no list" not in text


def test_who_looked_is_in_the_audit_log_without_the_identifier(pages: Pages) -> None:
    drive(Run.objects.get())

    text_of(pages, value=MEMBER)

    event = AuditEvent.objects.get(verb="person.looked_up")
    digest = sha256(MEMBER.encode()).hexdigest()
    assert event.actor == pages.user
    assert event.details == {"digest": f"{digest[:4]}…", "lists": 1}
    assert MEMBER not in str(vars(event))


def test_bad_input_is_shown_at_its_field(pages: Pages) -> None:
    assert "This field is required" in text_of(pages, value="")


def test_roles_strangers_and_visitors(pages: Pages) -> None:
    assert pages.as_role(Role.VIEWER).get("people/").status_code == 200
    assert pages.as_outsider().post("people/", kind="email", value=MEMBER).status_code == 404
    pages.web.logout()
    assert pages.get("people/").status_code == 302


def test_a_number_without_its_country_is_not_said_to_be_on_no_list(pages: Pages) -> None:
    text = text_of(pages, kind="phone", value="0151 2345603")
    hopeless = text_of(pages, kind="phone", value="call me")

    assert "The country of the number is not known" in text
    assert "no list can hold it" not in text
    assert "no list can hold it" in hopeless


def test_the_country_that_all_deliveries_have_is_chosen_already(pages: Pages) -> None:
    assert 'value="DE" selected' not in pages.get("people/").content.decode()

    DeliveryColumn.objects.create(delivery=pages.shop.delivery, column="phone", kind="phone", default_country="DE")
    assert 'value="DE" selected' in pages.get("people/").content.decode()

    others = make_draft(pages.shop.profile, pages.shop.ad_account, pages.shop.dataset, name="Others")
    DeliveryColumn.objects.create(delivery=others, column="phone", kind="phone", default_country="FR")
    assert 'value="none" selected' in pages.get("people/").content.decode()
