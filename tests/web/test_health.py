"""Alive and ready."""

import pytest
from django.test import Client

from pinconnect.web import health


@pytest.fixture(autouse=True)
def _own_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_checks", dict(health._checks))
    monkeypatch.setattr(health, "_passed_for_good", set())


def test_alive_without_the_database(client: Client) -> None:
    """No django_db mark: a query would fail the test."""
    response = client.get("/healthz")

    assert response.status_code == 200
    assert response.json() == {"status": "ok"}


@pytest.mark.django_db
def test_ready_when_every_check_passes(client: Client) -> None:
    response = client.get("/readyz")

    assert response.status_code == 200
    assert response.json()["checks"].items() >= {"database": "ok", "migrations": "ok"}.items()


@pytest.mark.django_db
def test_not_ready_says_which_check_and_why(client: Client) -> None:
    health.register("queue", lambda: "no canary for 3 min")

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["status"] == "not ready"
    assert response.json()["checks"]["queue"] == "no canary for 3 min"


@pytest.mark.django_db
def test_broken_check_tells_no_secret(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> str | None:
        raise ConnectionError("postgres://user:hunter2@db")

    health.register("elsewhere", broken)

    response = client.get("/readyz")

    assert response.json()["checks"]["elsewhere"] == "failed"
    assert "ConnectionError" in caplog.text
    assert "hunter2" not in caplog.text + response.content.decode()


def test_database_that_is_away_is_not_ready(client: Client) -> None:
    """No django_db mark: every query raises, as it does when the database is down."""
    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["checks"]["database"] == "failed"


@pytest.mark.django_db
def test_missing_migration_is_not_ready(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health.MigrationExecutor, "migration_plan", lambda *_: [("audiences", "0002")])

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["checks"]["migrations"] == "not all applied"
