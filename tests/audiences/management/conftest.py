"""A profile that may write the lists of one ad account, as the command needs it."""

import pytest

from pinconnect.profiles.models import Profile
from tests.factories import make_user, make_workspace
from tests.factories_audiences import make_ad_account, make_profile
from tests.support.simulator import SimulatorInTest


@pytest.fixture
def profile(simulator: SimulatorInTest) -> Profile:
    made = make_profile(make_workspace("Acme", owner=make_user("Alice")), simulator)
    make_ad_account(made)
    return made
