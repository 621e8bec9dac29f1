"""A token that could not be renewed is announced before it ends, and nothing else is."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from pinconnect.alerts.models import Alert
from pinconnect.profiles import reconcile, services, tokens, wording
from pinconnect.workspaces.models import OutgoingEmail

pytestmark = pytest.mark.django_db


def ago(**how: float) -> Any:
    return timezone.now() - timedelta(**how)


def ahead(**how: float) -> Any:
    return timezone.now() + timedelta(**how)


def open_kinds() -> list[str]:
    return [alert.kind for alert in Alert.objects.filter(resolved_at=None)]


def test_a_token_that_was_not_renewed_for_weeks_is_announced_by_alert_and_e_mail(make_profile: Any, acme: Any) -> None:
    make_profile(expires_at=ahead(days=6), renewed_at=ago(days=24), renewal_problem="pinterest_down")

    assert reconcile.announce_expiring() == 1
    assert reconcile.announce_expiring() == 1

    assert open_kinds() == ["profiles.expiring"]
    told = {row.user for row in OutgoingEmail.objects.filter(kind="alerts.raised")}
    assert told == {acme.alice, acme.mark}


@pytest.mark.parametrize(
    "fields",
    [
        {"expires_at": ahead(days=8), "renewed_at": ago(days=22)},
        # Tokens that live for a day only, and are renewed.
        {"expires_at": ahead(hours=20), "renewed_at": ago(hours=4)},
        {"state": "expired", "expires_at": ago(days=1), "renewed_at": ago(days=31)},
        {"state": "disconnected", "expires_at": None, "renewed_at": ago(days=31)},
    ],
)
def test_there_are_no_false_alarms(make_profile: Any, fields: dict[str, Any]) -> None:
    profile = make_profile(**fields)

    assert reconcile.announce_expiring() == 0
    assert wording.group(profile) != "expiring"


def test_a_refused_renewal_is_announced_once_and_not_twice(make_profile: Any, simulator: Any) -> None:
    profile = make_profile(expires_at=ahead(days=5), renewed_at=ago(days=25))
    reconcile.announce_expiring()
    simulator.control("tokens", {"user": "bob", "action": "revoke", "kind": "refresh"})
    tokens.renew(profile.pk)

    reconcile.announce_expiring()

    assert open_kinds() == ["profiles.not_renewed"]


def test_a_refresh_token_that_ends_is_announced_although_the_access_token_is_fresh(make_profile: Any) -> None:
    make_profile(refresh_expires_at=ahead(days=3))

    assert reconcile.announce_expiring() == 1


@pytest.mark.parametrize("end", ["renewed", "disconnected", "revoked"])
def test_the_announcement_ends_with_its_cause(make_profile: Any, simulator: Any, end: str) -> None:
    profile = make_profile(expires_at=ahead(days=5), renewed_at=ago(days=25))
    reconcile.announce_expiring()

    if end == "revoked":
        simulator.control("tokens", {"user": "bob", "action": "revoke"})
        with pytest.raises(tokens.ProfileUnusable):
            tokens.renew(profile.pk)
    else:
        tokens.renew(profile.pk) if end == "renewed" else services.disconnect(profile, by=None)

    assert open_kinds() == (["profiles.expired"] if end == "revoked" else [])
