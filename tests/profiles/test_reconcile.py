"""What is due for profiles, and the tasks that do it."""

from datetime import timedelta

from django.utils import timezone

from pinconnect.profiles import reconcile, tasks
from pinconnect.profiles.models import Profile, ProfileState
from tests.support.simulator import SimulatorInTest


def test_renewals_are_due_after_a_day_and_tried_hourly(make_profile) -> None:
    now = timezone.now()
    profile = make_profile(renewed_at=now - timedelta(hours=25))

    def due() -> bool:
        return Profile.objects.due_for_renewal(now).exists()

    assert due()
    Profile.objects.update(renewal_tried_at=now - timedelta(minutes=59))
    assert not due()
    Profile.objects.update(renewal_tried_at=now - timedelta(minutes=61))
    assert due()
    Profile.objects.filter(pk=profile.pk).update(renewed_at=now - timedelta(hours=23))
    assert not due()
    Profile.objects.update(renewed_at=now - timedelta(days=9), state=ProfileState.EXPIRED)
    assert not due()


def test_workers_are_asked_to_renew_what_is_due(make_profile, django_capture_on_commit_callbacks) -> None:
    make_profile("bob", renewed_at=timezone.now() - timedelta(days=2))
    make_profile("alice")

    with django_capture_on_commit_callbacks() as sent:
        assert reconcile.hint_renewals() == 1

    assert len(sent) == 1


def test_the_task_renews_once(make_profile, simulator: SimulatorInTest) -> None:
    profile = make_profile(renewed_at=timezone.now() - timedelta(days=2))

    assert tasks.renew_profile(profile.pk) == {"renewed": 1}
    assert tasks.renew_profile(profile.pk) == {"renewed": 0}
    assert len(simulator.calls("oauth/token")) == 1


def test_the_task_survives_refusals(make_profile, simulator: SimulatorInTest) -> None:
    profile = make_profile(renewed_at=None)
    simulator.control("tokens", {"user": "bob", "action": "revoke"})

    assert tasks.renew_profile(profile.pk) == {"renewed": 0}
    assert Profile.objects.get().state == ProfileState.EXPIRED


def test_workers_are_asked_to_read_ad_accounts_daily(make_profile, django_capture_on_commit_callbacks) -> None:
    make_profile("bob", ad_accounts_read_at=timezone.now() - timedelta(hours=25))
    make_profile("alice", ad_accounts_read_at=timezone.now())

    with django_capture_on_commit_callbacks() as sent:
        assert reconcile.hint_readings() == 1

    assert len(sent) == 1


def test_the_reconciler_knows_all_three() -> None:
    from pinconnect.queue import reconciler

    names = {registration.name for registration in reconciler.registered()}

    assert {"profiles.renew", "profiles.read_ad_accounts", "profiles.forget_old_states"} <= names


def test_the_secrets_of_the_installation_are_masked_in_logs(settings) -> None:
    from pinconnect.lib.redact import redact

    secrets = [settings.PINTEREST_APP_SECRET, settings.SECRET_KEY, *settings.FIELD_KEYS]

    assert all(secret not in redact(f"value {secret} here") for secret in secrets)
