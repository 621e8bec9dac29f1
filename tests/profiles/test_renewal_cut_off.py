"""Renewals that are cut off, answers that come late, and what is said about them."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from pinconnect.alerts.models import Alert
from pinconnect.alerts.services import open_alerts
from pinconnect.pinterest import oauth, user_accounts
from pinconnect.profiles import messages, services, tokens
from pinconnect.profiles.models import Profile, ProfileState
from pinconnect.profiles.signals import profile_recovered
from pinconnect.workspaces.models import AuditEvent
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """What a kill -9 is to a process: nothing after it is done."""


def kill_before_storing(profile: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    """A renewal whose process dies when Pinterest has answered; its lease then runs out."""

    def die(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(tokens, "_store", die)
        with pytest.raises(Killed):
            tokens.renew(profile.pk)
    Profile.objects.update(lease_until=timezone.now() - timedelta(seconds=1))


def test_a_crash_before_storing_is_survived_when_pinterest_is_lenient(
    make_profile: Any, simulator: SimulatorInTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulator.settings(rotation="lenient")
    profile = make_profile()
    kill_before_storing(profile, monkeypatch)

    renewed = tokens.renew(profile.pk)

    assert (renewed.state, renewed.token_version, renewed.answer_lost_at) == ("connected", 2, None)
    assert user_accounts.get(tokens.client_for(profile)).username == "bobs_garden"
    assert not Alert.objects.exists()


def test_a_crash_before_storing_is_explained_when_pinterest_is_strict(
    make_profile: Any, simulator: SimulatorInTest, monkeypatch: pytest.MonkeyPatch, acme: Any
) -> None:
    simulator.settings(rotation="strict")
    profile = make_profile()
    kill_before_storing(profile, monkeypatch)

    renewed = tokens.renew(profile.pk)

    assert renewed.state == "connected", "the access token still works, so nothing stops yet"
    (alert,) = open_alerts(acme.workspace)
    assert alert.kind == "profiles.not_renewed"
    assert "a renewal was cut off after Pinterest was asked" in alert.body


def test_when_the_access_token_ends_too_the_explanation_goes_on(
    make_profile: Any, simulator: SimulatorInTest, monkeypatch: pytest.MonkeyPatch, acme: Any, client: Any
) -> None:
    simulator.settings(rotation="strict")
    profile = make_profile()
    kill_before_storing(profile, monkeypatch)
    simulator.control("tokens", {"user": "bob", "action": "expire", "kind": "access"})

    with pytest.raises(tokens.ProfileUnusable, match="expired"):
        tokens.renew(profile.pk)

    (alert,) = open_alerts(acme.workspace)
    assert (alert.kind, "was cut off" in alert.body) == ("profiles.expired", True)
    client.force_login(acme.mark)
    assert "was cut off after Pinterest was asked" in client.get(profile.get_absolute_url()).content.decode()


def test_an_answer_that_never_arrived_is_explained_even_after_later_troubles(
    make_profile: Any, simulator: SimulatorInTest
) -> None:
    simulator.settings(rotation="strict")
    profile = make_profile()
    for fault in ("drop_after", "server_error"):
        simulator.fault(fault, operation="oauth/token", times=3)
        with pytest.raises(tokens.ProfileUnusable, match="pinterest_down"):
            tokens.renew(profile.pk)
        simulator.clear_faults()

    refused = tokens.renew(profile.pk)

    assert refused.renewal_problem == "refused"
    assert "was cut off" in messages.why_refused(refused)


def test_a_refusal_without_a_lost_answer_blames_no_crash(make_profile: Any, simulator: SimulatorInTest) -> None:
    profile = make_profile()
    simulator.control("tokens", {"user": "bob", "action": "revoke", "kind": "refresh"})

    assert messages.why_refused(tokens.renew(profile.pk)) == ""


def test_a_pair_that_comes_after_the_wrong_conclusion_brings_the_profile_back(
    make_profile: Any, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    profile, told = make_profile(), []
    profile_recovered.connect(lambda sender, profile, **_: told.append(profile.pk), weak=False, dispatch_uid="late")
    real = oauth.refresh

    def slow_refresh(refresh_token: str, **how: Any) -> Any:
        answer = real(refresh_token, **how)
        # So slow that its lease ran out: another process was refused, and called the profile expired.
        tokens._expire(Profile.objects.get())
        return answer

    monkeypatch.setattr(oauth, "refresh", slow_refresh)
    with django_capture_on_commit_callbacks(execute=True):
        renewed = tokens.renew(profile.pk)
    profile_recovered.disconnect(dispatch_uid="late")

    assert (renewed.state, renewed.token_version, told) == (ProfileState.CONNECTED, 2, [profile.pk])
    assert not Alert.objects.filter(resolved_at=None).exists()
    assert [event.verb for event in AuditEvent.objects.order_by("pk")] == ["profile.expired", "profile.recovered"]


def test_a_disconnected_profile_stays_so_when_a_pair_comes_late(
    make_profile: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile, real = make_profile(), oauth.refresh

    def slow_refresh(refresh_token: str, **how: Any) -> Any:
        answer = real(refresh_token, **how)
        services.disconnect(Profile.objects.get(), by=None)
        return answer

    monkeypatch.setattr(oauth, "refresh", slow_refresh)
    with pytest.raises(tokens.ProfileUnusable, match="disconnected"):
        tokens.renew(profile.pk)

    assert Profile.objects.get().refresh_token == ""


def test_a_warning_is_not_raised_by_somebody_who_was_overtaken(
    make_profile: Any, simulator: SimulatorInTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile, real = make_profile(), tokens._still_works
    simulator.control("tokens", {"user": "bob", "action": "revoke", "kind": "refresh"})

    def slow(access_token: str) -> bool:
        Profile.objects.update(token_version=9)
        return real(access_token)

    monkeypatch.setattr(tokens, "_still_works", slow)
    tokens.renew(profile.pk)

    assert not Alert.objects.exists()
