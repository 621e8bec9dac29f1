"""States and failures of app invites in words."""

from datetime import timedelta

from django.utils import timezone

from invites import wording
from pinconnect.profiles.messages import CONNECT_CODES
from tests.invites.conftest import MakeInvite, Partner


def test_a_partner_who_stays_away_is_shown_as_such(partner: Partner, make_invite: MakeInvite) -> None:
    link = make_invite()
    partner.leave(link)
    assert wording.badge(link.now()).label == "At Pinterest"

    type(link.invite).objects.update(started_at=timezone.now() - timedelta(minutes=11))

    assert wording.badge(link.now()).label == "Did not come back"
    assert "The link still works" in wording.explanation(link.now())


def test_every_failure_has_words_for_the_marketer(make_invite: MakeInvite) -> None:
    not_theirs = {"connected", "updated", "identified", "state_missing", "state_unknown", "other_browser", "other_user"}
    codes = CONNECT_CODES - not_theirs - {"replayed", "no_longer_allowed"}

    assert codes == set(wording.FAILURES)
