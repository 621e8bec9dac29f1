"""A token is updated for the same Pinterest user only: known by Pinterest's id, or by name where that is left out."""

from dataclasses import replace
from typing import Any

import pytest

from pinconnect.pinterest import user_accounts
from pinconnect.profiles.models import Profile
from pinconnect.profiles.services import grants
from pinconnect.workspaces.models import AuditEvent
from tests.profiles.conftest import Traveller

BOB = "549755885175"


@pytest.fixture
def without_id(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pinterest leaves the id out, as its description allows."""
    real = user_accounts.get
    monkeypatch.setattr(user_accounts, "get", lambda client: replace(real(client), id=None))


def everything(profile: Profile) -> dict[str, Any]:
    return Profile.objects.filter(pk=profile.pk).values().get()


def text(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_another_account_changes_nothing_at_all(mark: Traveller, make_profile: Any) -> None:
    profile = make_profile("bob")
    before = everything(profile)

    answer = mark.connect("alice", profile=profile.pk)

    assert everything(profile) == before
    assert "Expected was bobs_garden, but alice_agency came back" in text(answer)
    assert not AuditEvent.objects.filter(verb__startswith="profile.").exists()
    assert Profile.objects.count() == 1


def test_somebody_who_took_over_the_name_is_another(mark: Traveller, make_profile: Any) -> None:
    profile = make_profile("bob", pinterest_id="111", username="bobs_garden")

    mark.connect("bob", profile=profile.pk)

    assert everything(profile)["pinterest_id"] == "111"
    assert everything(profile)["token_version"] == 1


def test_a_renamed_user_is_the_same_and_the_new_name_is_learnt(mark: Traveller, make_profile: Any) -> None:
    profile = make_profile("bob", username="the_name_of_last_year")

    mark.connect("bob", profile=profile.pk)

    after = everything(profile)
    assert (after["username"], after["pinterest_id"], after["token_version"]) == ("bobs_garden", BOB, 2)


def test_without_an_id_the_name_decides(mark: Traveller, make_profile: Any, without_id: None) -> None:
    profile = make_profile("bob", pinterest_id="", username="Bobs_Garden")
    before = everything(profile)

    mark.connect("alice", profile=profile.pk)
    assert everything(profile) == before

    mark.connect("bob", profile=profile.pk)
    assert everything(profile)["token_version"] == 2


def test_the_id_is_kept_when_pinterest_leaves_it_out_once(mark: Traveller, make_profile: Any, without_id: None) -> None:
    profile = make_profile("bob")

    mark.connect("bob", profile=profile.pk)

    assert (everything(profile)["pinterest_id"], everything(profile)["token_version"]) == (BOB, 2)


def test_a_profile_known_by_name_gets_its_id_as_soon_as_it_appears(mark: Traveller, make_profile: Any) -> None:
    profile = make_profile("bob", pinterest_id="")

    mark.connect("bob", profile=profile.pk)

    assert everything(profile)["pinterest_id"] == BOB
    assert grants.is_expected(
        user_accounts.PinterestUser(BOB, "another_name", "", "", ""), profile=Profile.objects.get(), username=""
    )


def test_an_id_that_another_profile_has_already_is_not_taken_from_it(mark: Traveller, make_profile: Any) -> None:
    by_name = make_profile("bob", pinterest_id="")
    by_id = make_profile("bob", username="before_renaming")

    mark.connect("bob", profile=by_name.pk)

    assert everything(by_name)["token_version"] == 2
    assert [everything(profile)["pinterest_id"] for profile in (by_name, by_id)] == ["", BOB]
