"""The pages of erasures: asking for one, and its receipt."""

import json
import logging
import re
from hashlib import new, sha256

import pytest

from audiences.models import Erasure, Run, Tombstone
from audiences.people import erasing
from audiences.people.lookup import Wanted
from pinconnect.workspaces.roles import Role
from tests.audiences.views.conftest import Pages, queries
from tests.factories_audiences import drive

MEMBER = "member00007@example.com"
IDFA = "AEBE52E7-03EE-455A-B3C4-E57283966239"


# Lists may hold a person under any of these.
HASHES = ("sha256", "sha1", "md5")


def digest(text: str) -> bytes:
    return sha256(text.encode()).digest()


@pytest.fixture
def admin(pages: Pages) -> Pages:
    return pages.as_role(Role.ADMIN)


def ask(admin: Pages, **data: str) -> str:
    """What the page says to a request that it refuses."""
    answer = admin.post("erasures/new/", **{"is_sure": "on", "default_country": "none", **data})
    assert answer.status_code == 200
    return answer.content.decode()


def erased(admin: Pages, **data: str) -> Erasure:
    answer = admin.post("erasures/new/", **{"is_sure": "on", "default_country": "none", **data})
    assert answer.status_code == 302
    return Erasure.objects.latest("pk")


def carried_out(admin: Pages) -> Erasure:
    drive(Run.objects.get())
    erasure = erased(admin, emails=MEMBER, reference="=Ticket 12")
    erasing.work(erasure.pk)
    drive(Run.objects.latest("pk"))
    erasing.work(erasure.pk)
    erasure.refresh_from_db()
    assert erasure.completed_at is not None
    return erasure


def test_identifiers_of_every_kind_are_kept_as_hashes(admin: Pages) -> None:
    erasure = erased(admin, emails=f" {MEMBER.upper()}\n\nb@example.com", phones="0171 1234567", default_country="DE")

    kept = {(one.wire_kind, bytes(one.digest)) for one in erasure.tombstones.all()}
    plain = {("email", MEMBER), ("email", "b@example.com"), ("phone", "491711234567")}
    assert kept == {(kind, new(name, text.encode()).digest()) for kind, text in plain for name in HASHES}


def test_device_is_erased_in_both_spellings(admin: Pages) -> None:
    erasure = erased(admin, devices=IDFA)

    spellings = (IDFA, IDFA.lower())
    kept = {bytes(one.digest) for one in erasure.tombstones.all()}
    assert kept == {new(name, text.encode()).digest() for text in spellings for name in HASHES}


def test_line_that_is_no_identifier_refuses_the_whole_request(admin: Pages) -> None:
    text = ask(admin, emails=f"{MEMBER}\nnobody.at.all")

    assert "Line 2 (n•••): No @ in the address." in text
    assert not Tombstone.objects.exists()


def test_nothing_entered_and_not_being_sure_are_refused(admin: Pages) -> None:
    assert "Enter at least one identifier" in ask(admin)
    assert "This field is required" in ask(admin, emails=MEMBER, is_sure="")
    assert "This looks like an address" in ask(admin, emails=MEMBER, reference=MEMBER)
    assert not Erasure.objects.exists()


def test_too_many_at_a_time_are_refused(admin: Pages) -> None:
    text = ask(admin, emails="\n".join(f"p{number}@example.com" for number in range(1_001)))

    assert "at most 1,000 at a time" in text


def test_receipt_says_when_each_list_acknowledged_it(admin: Pages) -> None:
    erasure = carried_out(admin)

    text = admin.get(f"erasures/{erasure.pk}/").content.decode()

    assert "Erased everywhere" in text
    assert "1 of 1 acknowledged" in text
    assert digest(MEMBER).hex()[:12] in text
    assert digest(MEMBER).hex() not in text
    assert "hx-trigger" not in text


def test_open_receipt_says_what_it_waits_for_and_looks_again(admin: Pages) -> None:
    erasure = erased(admin, emails=MEMBER)
    erasing.work(erasure.pk)

    text = admin.get(f"erasures/{erasure.pk}/").content.decode()
    part = admin.get(f"erasures/{erasure.pk}/", **{"HX-Request": "true"}).content.decode()

    assert "A run of this list is under way" in text
    assert 'hx-trigger="every 3s"' in text
    assert "<html" not in part


def test_receipt_can_be_downloaded(admin: Pages) -> None:
    erasure = carried_out(admin)

    found = json.loads(admin.get(f"erasures/{erasure.pk}/receipt.json").content)
    table = admin.get(f"erasures/{erasure.pk}/receipt.csv")

    assert found["lists"][0]["outcome"] == "Removed"
    assert found["completed_at"] is not None
    assert "Newsletter" in table.content.decode()
    assert table["Content-Disposition"] == f'attachment; filename="erasure-{erasure.pk}.csv"'


def test_look_up_leads_to_the_receipt(admin: Pages) -> None:
    erasure = carried_out(admin)

    text = admin.post("people/", kind="email", value=MEMBER, default_country="none").content.decode()

    assert "Erased: never sent again" in text
    assert f"/erasures/{erasure.pk}/" in text


@pytest.mark.parametrize(
    ("kind", "value", "field", "country"),
    [
        ("email", " Member00007@example.com ", "emails", "none"),
        ("phone", "030 901820", "phones", "DE"),
        ("idfa", "6D92078A-8246-4BA4-AE5B-76104861E7DC", "devices", "none"),
        ("pinner_id", "12345", "pinner_ids", "none"),
    ],
)
def test_who_was_looked_up_is_erased_after_one_more_question(
    admin: Pages, kind: str, value: str, field: str, country: str
) -> None:
    looked_up = {"kind": kind, "value": value, "default_country": country}
    text = admin.post("people/", **looked_up).content.decode()
    assert "Erase this person everywhere…" in text
    kept = dict(re.findall(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)">', text))
    assert looked_up.items() <= kept.items()

    answer = admin.post("erasures/new/", **kept)
    form, text = answer.context["form"], answer.content.decode()

    assert ('<details class="details" open>' in text) == (kind == "pinner_id"), "what is filled in is seen"
    assert not Erasure.objects.exists(), "nobody was asked yet"
    assert (form[field].value(), form["default_country"].value()) == (value, country)
    erased(admin, **{field: form[field].value(), "default_country": country})
    assert "Erase this person everywhere…" not in admin.post("people/", **looked_up).content.decode()


def test_looking_up_offers_erasing_to_admins_only(pages: Pages) -> None:
    looked_up = {"kind": "email", "value": MEMBER, "default_country": "none"}

    assert "Erase this person" not in pages.post("people/", **looked_up).content.decode()
    assert pages.post("erasures/new/", looked_up="1", **looked_up).status_code == 403


def test_a_look_up_that_cannot_be_read_gives_an_empty_form(admin: Pages) -> None:
    form = admin.post("erasures/new/", looked_up="1", kind="nonsense", value="").context["form"]

    assert not any(form[name].value() for name in ("emails", "phones", "devices"))


def test_what_is_typed_reaches_no_log_and_no_address(admin: Pages, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = admin.post("erasures/new/", emails=MEMBER, is_sure="on", default_country="none")

    assert MEMBER not in answer["Location"]
    assert MEMBER not in caplog.text
    assert digest(MEMBER).hex() not in caplog.text


def test_only_admins_erase_and_everybody_sees_the_receipts(pages: Pages, admin: Pages) -> None:
    erasure = erased(admin, emails=MEMBER)

    assert pages.post("erasures/new/", emails="b@example.com", is_sure="on").status_code == 403
    assert pages.as_role(Role.VIEWER).get(f"erasures/{erasure.pk}/").status_code == 200
    assert "Erase a person" not in pages.get("erasures/").content.decode()


def test_strangers_and_other_workspaces_get_404(pages: Pages, admin: Pages) -> None:
    erasure = erased(admin, emails=MEMBER)
    outsider = pages.as_outsider()

    assert outsider.get(f"erasures/{erasure.pk}/").status_code == 404
    assert outsider.web.get(f"/w/elsewhere/erasures/{erasure.pk}/").status_code == 404
    assert pages.get("erasures/999999/").status_code == 404


def test_list_asks_the_database_as_often_for_many_as_for_one(pages: Pages) -> None:
    erasing.request(pages.workspace, by=pages.user, wanted=[Wanted("email", digest("a"))])
    one = queries(pages, "erasures/")
    for number in range(5):
        erasing.request(pages.workspace, by=pages.user, wanted=[Wanted("email", digest(str(number)))])

    assert queries(pages, "erasures/") == one
