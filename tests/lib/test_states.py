"""States move along their table, and one of two movers wins."""

import pytest

from invites.states import INVITE_MOVES, InviteState
from pinconnect.lib import states
from pinconnect.profiles.models import Profile
from tests.factories import make_workspace

MOVES = {"connected": frozenset({"expired"}), "expired": frozenset()}


@pytest.fixture
def profile(db: None) -> Profile:
    return Profile.objects.create(workspace=make_workspace(), username="bob")


def test_first_mover_wins_and_the_second_is_told(profile: Profile) -> None:
    rows = Profile.objects.filter(pk=profile.pk)

    first = states.move(rows, frm="connected", to="expired", table=MOVES, renewal_problem="refused")
    second = states.move(rows, frm="connected", to="expired", table=MOVES)

    profile.refresh_from_db()
    assert (first, second) == (True, False)
    assert (profile.state, profile.renewal_problem) == ("expired", "refused")


def test_move_that_the_table_forbids_is_a_mistake_not_a_race(profile: Profile) -> None:
    with pytest.raises(states.ForbiddenMoveError):
        states.move(Profile.objects.all(), frm="expired", to="connected", table=MOVES)


def test_every_state_of_an_invite_has_its_moves() -> None:
    assert set(INVITE_MOVES) == set(InviteState)
