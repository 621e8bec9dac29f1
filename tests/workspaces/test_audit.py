"""The page of the audit log."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pinconnect.workspaces import audit
from pinconnect.workspaces.models import AuditEvent, Workspace


def note(acme, verb="delivery.published", by=None, at=None, workspace=None, **details) -> AuditEvent:
    workspace = workspace or acme.workspace
    event = audit.record(verb, workspace, workspace=workspace, by=by, **details)
    if at:
        # The log itself cannot be written a second time; a test may look into the past.
        AuditEvent._base_manager.filter(pk=event.pk).update(at=at)
    return event


def shown(client, acme, **filters) -> list[AuditEvent]:
    return list(client.get(f"{acme.url}settings/audit/", filters).context["page"])


@pytest.fixture
def signed_in(client, acme):
    client.force_login(acme.alice)
    return client


def test_events_are_shown_with_who_and_what_in_words(signed_in, acme):
    note(acme, "member.role_changed", by=acme.bob, role={"from": "viewer", "to": "admin"})

    page = signed_in.get(f"{acme.url}settings/audit/").content.decode()

    assert all(words in page for words in ("bob@example.org", "Member: role changed", "role: viewer → admin"))


def test_events_of_another_workspace_and_of_none_are_not_shown(signed_in, acme):
    note(acme, workspace=Workspace.objects.get(slug="elsewhere"))
    audit.record("server.started", acme.workspace, workspace=None, by=None)

    assert shown(signed_in, acme) == []


def test_filters_narrow_by_person_subject_and_text(signed_in, acme):
    by_bob = note(acme, by=acme.bob)
    by_system = note(acme, "profile.expired")

    assert shown(signed_in, acme, who="bob@example.org") == [by_bob]
    assert shown(signed_in, acme, about="profile") == [by_system]
    assert shown(signed_in, acme, text="PUBLISHED") == [by_bob]


def test_days_are_those_of_the_workspace(signed_in, acme):
    Workspace.objects.filter(pk=acme.workspace.pk).update(time_zone="Asia/Tokyo")
    late = note(acme, at=datetime(2026, 3, 1, 16, 0, tzinfo=UTC))  # 2 March, 01:00 in Tokyo

    assert shown(signed_in, acme, since="2026-03-02", until="2026-03-02") == [late]
    assert shown(signed_in, acme, until="2026-03-01") == []


def test_wrong_filter_is_said_at_its_field_and_the_rest_still_filters(signed_in, acme):
    note(acme, by=acme.bob)
    note(acme)

    page = signed_in.get(f"{acme.url}settings/audit/", {"since": "yesterday", "who": "bob@example.org"})

    assert page.context["form"].errors.keys() == {"since"}
    assert len(page.context["page"]) == 1


def test_end_before_the_beginning_is_refused(signed_in, acme):
    page = signed_in.get(f"{acme.url}settings/audit/", {"since": "2026-03-02", "until": "2026-03-01"})

    assert page.context["form"].errors.keys() == {"until"}


def test_long_logs_have_pages_of_as_many_queries_as_short_ones(signed_in, acme, django_assert_num_queries):
    for _ in range(52):
        note(acme, by=acme.bob)
    shown(signed_in, acme)
    with CaptureQueriesContext(connection) as few:
        assert len(shown(signed_in, acme, page=2)) == 2

    with django_assert_num_queries(len(few)):
        assert len(shown(signed_in, acme, page=1)) == 50


@pytest.mark.parametrize("who", ["bob", "vera"])
def test_only_admins_read_it(client, acme, who):
    client.force_login(getattr(acme, who))

    assert client.get(f"{acme.url}settings/audit/").status_code == 403
