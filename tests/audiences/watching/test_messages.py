"""What drifted is said in words that lead to the page where something can be done."""

import pytest

from audiences.models import DriftKind, Mode
from audiences.watching import messages
from pinconnect.alerts import registry


@pytest.mark.parametrize("kind", messages.ALERT_KINDS, ids=lambda kind: kind.id)
def test_every_alert_leads_to_the_page_of_the_audience(kind: registry.AlertKind) -> None:
    assert kind.url({"slug": "acme", "audience_id": 4}) == "/w/acme/audiences/4/"


@pytest.mark.parametrize("kind", DriftKind.values)
def test_every_kind_of_drift_has_an_alert(kind: str) -> None:
    found = registry.get(f"audiences.{kind}")

    assert found.title
    # What to do about a list that is gone depends on the delivery.
    assert found.next_step.endswith(".") or found.next_step == "{todo}"


def test_what_a_foreign_write_means_is_said_for_every_mode() -> None:
    assert set(messages._MEANS) == set(Mode)
