"""Tokens stay good: renewed in time, once, whole; and a profile is called expired only when it is."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, transaction
from django.utils import timezone

from pinconnect.alerts.models import Alert
from pinconnect.pinterest import errors, oauth, user_accounts
from pinconnect.profiles import services, tokens
from pinconnect.profiles.models import Profile, ProfileState
from pinconnect.workspaces.models import AuditEvent
from tests.support.simulator import SimulatorInTest


def refreshes(simulator: SimulatorInTest) -> int:
    return len(simulator.calls("oauth/token"))


def open_alerts() -> list[str]:
    return [alert.kind for alert in Alert.objects.filter(resolved_at=None)]


def test_a_good_token_is_used_as_it_is(make_profile, simulator: SimulatorInTest) -> None:
    profile = make_profile()

    client = tokens.client_for(profile)

    assert user_accounts.get(client).username == "bobs_garden"
    assert refreshes(simulator) == 0


def test_a_token_that_ends_soon_is_renewed_first(make_profile, simulator: SimulatorInTest) -> None:
    profile = make_profile(expires_at=timezone.now() + timedelta(minutes=4))
    old = profile.refresh_token

    client = tokens.client_for(profile)

    assert user_accounts.get(client).username == "bobs_garden"
    assert profile.token_version == 2
    assert profile.refresh_token != old
    assert profile.expires_at > timezone.now() + timedelta(days=29)
    assert (profile.lease_token, profile.lease_until) == ("", None)


@pytest.mark.parametrize("rotation", ["lenient", "strict"])
def test_renewals_go_on_for_ever(make_profile, simulator: SimulatorInTest, rotation: str) -> None:
    simulator.settings(rotation=rotation)
    profile = make_profile()

    for _ in range(4):
        simulator.advance(25 * 86_400)
        tokens.renew(profile.pk)

    assert user_accounts.get(tokens.client_for(profile)).username == "bobs_garden"
    assert profile.token_version == 5


def test_a_refused_token_is_renewed_and_the_call_repeated(make_profile, simulator: SimulatorInTest) -> None:
    profile = make_profile()
    simulator.control("tokens", {"user": "bob", "action": "expire", "kind": "access"})

    user = tokens.with_client(profile, user_accounts.get)

    assert user.username == "bobs_garden"
    assert profile.token_version == 2


def test_nobody_renews_what_somebody_else_has_renewed(make_profile, simulator: SimulatorInTest) -> None:
    profile = make_profile(token_version=7)

    tokens.renew_after_401(profile, used_version=6)

    assert refreshes(simulator) == 0


def test_a_revoked_grant_expires_the_profile_and_raises_an_alert(make_profile, simulator: SimulatorInTest) -> None:
    profile = make_profile()
    simulator.control("tokens", {"user": "bob", "action": "revoke"})

    with pytest.raises(tokens.ProfileUnusable) as caught:
        tokens.with_client(profile, user_accounts.get)

    profile.refresh_from_db()
    assert (caught.value.code, caught.value.is_passing) == ("expired", False)
    assert profile.state == ProfileState.EXPIRED
    assert open_alerts() == ["profiles.expired"]
    assert AuditEvent.objects.get().verb == "profile.expired"


def test_an_expired_profile_is_not_tried_again(make_profile, simulator: SimulatorInTest) -> None:
    profile = make_profile(state=ProfileState.EXPIRED)

    for attempt in (lambda: tokens.client_for(profile), lambda: tokens.renew(profile.pk)):
        with pytest.raises(tokens.ProfileUnusable, match="expired"):
            attempt()

    assert refreshes(simulator) == 0


def test_a_profile_that_still_works_is_not_called_expired(make_profile, simulator: SimulatorInTest) -> None:
    profile = make_profile()
    simulator.control("tokens", {"user": "bob", "action": "revoke", "kind": "refresh"})

    renewed = tokens.renew(profile.pk)

    assert (renewed.state, renewed.renewal_problem, renewed.token_version) == ("connected", "refused", 1)
    assert open_alerts() == ["profiles.not_renewed"]
    assert user_accounts.get(tokens.client_for(profile)).username == "bobs_garden"


def test_a_wrong_app_secret_expires_nobody(make_profile, simulator: SimulatorInTest, settings: Any) -> None:
    profile = make_profile(expires_at=timezone.now() - timedelta(days=1))
    simulator.control("tokens", {"user": "bob", "action": "expire", "kind": "access"})
    settings.PINTEREST_APP_SECRET = "wrong"

    with pytest.raises(tokens.ProfileUnusable) as caught:
        tokens.client_for(profile)

    assert (caught.value.code, caught.value.is_passing) == ("app_refused", True)
    assert Profile.objects.get().state == ProfileState.CONNECTED
    assert open_alerts() == ["profiles.app_refused"]


def test_alerts_are_resolved_by_the_next_renewal(make_profile, simulator: SimulatorInTest, settings: Any) -> None:
    profile = make_profile()
    right, settings.PINTEREST_APP_SECRET = settings.PINTEREST_APP_SECRET, "wrong"
    with pytest.raises(tokens.ProfileUnusable):
        tokens.renew(profile.pk)
    settings.PINTEREST_APP_SECRET = right

    tokens.renew(profile.pk)

    assert open_alerts() == []
    assert Profile.objects.get().renewal_problem == ""


@pytest.mark.parametrize("fault", ["server_error", "drop_before", "drop_after", "not_json", "rate_limited"])
def test_trouble_at_pinterest_expires_nobody(make_profile, simulator: SimulatorInTest, fault: str) -> None:
    profile = make_profile()
    simulator.fault(fault, operation="oauth/token", times=3)

    with pytest.raises(tokens.ProfileUnusable) as caught:
        tokens.renew(profile.pk)

    profile.refresh_from_db()
    assert caught.value.code == "pinterest_down"
    assert (profile.state, profile.renewal_problem, profile.lease_until) == ("connected", "pinterest_down", None)
    assert open_alerts() == []


def test_trouble_while_renewing_leaves_a_token_that_still_works(make_profile, simulator: SimulatorInTest) -> None:
    profile = make_profile(expires_at=timezone.now() + timedelta(minutes=4))
    simulator.fault("server_error", operation="oauth/token", times=None)

    assert user_accounts.get(tokens.client_for(profile)).username == "bobs_garden"


def test_an_answer_that_was_lost_on_the_way_is_survived_when_pinterest_is_lenient(
    make_profile, simulator: SimulatorInTest
) -> None:
    profile = make_profile()
    simulator.fault("drop_after", operation="oauth/token")
    with pytest.raises(tokens.ProfileUnusable):
        tokens.renew(profile.pk)

    assert tokens.renew(profile.pk).token_version == 2


def test_without_a_refresh_token_the_profile_lives_as_long_as_its_token(make_profile, simulator) -> None:
    profile = make_profile(refresh_token="")

    assert tokens.renew(profile.pk).renewal_problem == "refused"
    assert refreshes(simulator) == 1, "only the app's own credentials are checked"


def test_a_database_that_is_locked_for_a_moment_costs_no_pair(
    make_profile, simulator: SimulatorInTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulator.settings(rotation="strict")
    profile = make_profile()
    failures = [OperationalError("database is locked")] * 2

    def update(queryset: Any, **changes: Any) -> int:
        if "access_token" in changes and failures:
            raise failures.pop()
        return original(queryset, **changes)

    original = type(Profile.objects.all()).update
    monkeypatch.setattr(type(Profile.objects.all()), "update", update)
    monkeypatch.setattr(tokens, "POLL_S", 0)
    tokens.renew(profile.pk)

    assert failures == []
    assert user_accounts.get(tokens.client_for(profile)).username == "bobs_garden"


def test_a_reconnect_during_a_renewal_wins(
    make_profile, simulator: SimulatorInTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = make_profile()
    real = oauth.refresh

    def slow_refresh(refresh_token: str, **how: Any) -> Any:
        Profile.objects.update(access_token="pina_newest", token_version=9, lease_token="", lease_until=None)
        return real(refresh_token, **how)

    monkeypatch.setattr(oauth, "refresh", slow_refresh)

    assert tokens.renew(profile.pk).access_token == "pina_newest"


def test_a_disconnect_during_a_renewal_wins(
    make_profile, simulator: SimulatorInTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = make_profile()
    real = oauth.refresh

    def slow_refresh(refresh_token: str, **how: Any) -> Any:
        services.disconnect(Profile.objects.get(), by=None)
        return real(refresh_token, **how)

    monkeypatch.setattr(oauth, "refresh", slow_refresh)
    with pytest.raises(tokens.ProfileUnusable, match="disconnected"):
        tokens.renew(profile.pk)

    assert Profile.objects.get().access_token == ""


def test_a_renewer_that_died_blocks_the_others_only_until_its_lease_ends(
    make_profile, simulator: SimulatorInTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "WAIT_FOR_OTHERS_S", 0)
    profile = make_profile(lease_token="dead", lease_until=timezone.now() + timedelta(minutes=1))
    with pytest.raises(tokens.ProfileUnusable, match="renewal_busy"):
        tokens.renew(profile.pk)
    Profile.objects.update(lease_until=timezone.now())

    assert tokens.renew(profile.pk).token_version == 2


def test_a_renewal_that_failed_before_the_clock_was_set_back_is_tried_again(
    make_profile, simulator: SimulatorInTest
) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    profile = make_profile(renewal_tried_at=tomorrow, renewal_problem="pinterest_down", renewed_at=tomorrow)
    assert Profile.objects.due_for_renewal(timezone.now()).exists()

    assert tokens.renew(profile.pk).token_version == 2

    assert not Profile.objects.due_for_renewal(timezone.now()).exists()


@pytest.mark.django_db(transaction=True)
def test_a_renewal_inside_a_transaction_is_refused_before_pinterest_is_asked(make_profile, simulator) -> None:
    profile = make_profile()

    with pytest.raises(RuntimeError), transaction.atomic():
        tokens.renew(profile.pk)

    assert refreshes(simulator) == 0


def test_no_log_holds_a_token(make_profile, simulator: SimulatorInTest, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    profile = make_profile()
    simulator.fault("server_error", operation="oauth/token")
    with pytest.raises(tokens.ProfileUnusable):
        tokens.renew(profile.pk)
    simulator.control("tokens", {"user": "bob", "action": "revoke"})
    with pytest.raises(tokens.ProfileUnusable):
        tokens.renew(profile.pk)

    assert caplog.records
    assert "pina_" not in caplog.text
    assert "pinr_" not in caplog.text


def test_errors_of_the_action_pass_through(make_profile) -> None:
    def fail(client: Any) -> None:
        raise errors.NotFound("gone")

    with pytest.raises(errors.NotFound):
        tokens.with_client(make_profile(), fail)
