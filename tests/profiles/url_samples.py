"""Which arguments the addresses of profiles take in a walk through all of them."""

from typing import Any

from pinconnect.profiles.models import Profile
from tests.guards.samples import Sample, World


def _profile(world: World) -> dict[str, Any]:
    """A profile without a token, so that no walk reaches Pinterest."""
    made, _ = Profile.objects.get_or_create(
        workspace=world.workspace, pinterest_id="1", defaults={"username": "sample", "state": "disconnected"}
    )
    return {"pk": made.pk}


SAMPLES: dict[str, Sample] = {
    f"profiles:{name}": _profile for name in ("detail", "window-end", "renew", "disconnect", "read-ad-accounts")
}
