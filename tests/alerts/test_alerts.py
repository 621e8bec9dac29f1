"""Raising, resolving and telling of alerts."""

from datetime import timedelta

import pytest
from django.core import mail as outbox
from django.urls import reverse
from django.utils import timezone

from pinconnect.alerts import registry, services
from pinconnect.alerts.models import Alert
from pinconnect.alerts.registry import AlertKind, Severity
from pinconnect.workspaces import mail
from pinconnect.workspaces.models import OutgoingEmail, Workspace
from pinconnect.workspaces.services import remove_member


def kind(name: str, severity: Severity) -> AlertKind:
    return AlertKind(
        id=f"tests.{name}",
        severity=severity,
        title="{thing} is broken",
        body="{thing} of {workspace_name} stopped.",
        next_step="Mend it.",
        url=lambda context: reverse("workspaces:members", kwargs={"workspace": context["workspace"]}),
    )


@pytest.fixture(autouse=True)
def _kinds(monkeypatch):
    monkeypatch.setattr(registry, "_kinds", dict(registry._kinds))
    registry.register(kind("broken", Severity.WARNING), kind("burning", Severity.CRITICAL))


def break_it(acme, name="broken", subject="mill:1", thing="The mill") -> Alert:
    return services.raise_alert(acme.workspace, f"tests.{name}", subject, thing=thing)


def told() -> list[tuple[str, str]]:
    """Send what is due; returns address and subject of each."""
    before = len(outbox.outbox)
    for pk in OutgoingEmail.objects.filter(due_at__lte=timezone.now()).order_by("pk").values_list("pk", flat=True):
        mail.send(pk)
    return [(sent.to[0].partition("@")[0], sent.subject) for sent in outbox.outbox[before:]]


def test_alert_is_raised_once_while_it_is_open(acme):
    first = break_it(acme)

    again = break_it(acme, thing="The great mill")

    assert again == first
    assert [alert.title for alert in services.open_alerts(acme.workspace)] == ["The great mill is broken"]


def test_alert_is_shown_in_words_with_its_next_step(acme):
    break_it(acme)

    (alert,) = services.open_alerts(acme.workspace)

    assert alert.body == "The mill of Acme stopped."
    assert (alert.next_step, alert.url) == ("Mend it.", "/w/acme/settings/members/")


def test_most_urgent_comes_first(acme):
    break_it(acme)
    break_it(acme, "burning")
    break_it(acme, subject="mill:2")

    assert [alert.kind for alert in services.open_alerts(acme.workspace)] == [
        "tests.burning",
        "tests.broken",
        "tests.broken",
    ]


def test_alerts_of_other_workspaces_are_neither_seen_nor_resolved(acme):
    break_it(acme)
    other = Workspace.objects.get(slug="elsewhere")

    assert services.open_alerts(other) == []
    assert not services.resolve_alert(other, "tests.broken", "mill:1")


def test_resolving_is_said_once(acme):
    break_it(acme)

    assert services.resolve_alert(acme.workspace, "tests.broken", "mill:1")
    assert not services.resolve_alert(acme.workspace, "tests.broken", "mill:1")
    assert services.open_alerts(acme.workspace) == []


def test_same_thing_may_happen_again(acme):
    first = break_it(acme)
    services.resolve_alert(acme.workspace, "tests.broken", "mill:1")

    assert break_it(acme) != first


def test_unknown_kind_or_missing_value_is_a_mistake_of_the_caller(acme):
    with pytest.raises(KeyError):
        services.raise_alert(acme.workspace, "tests.unknown", "mill:1")
    with pytest.raises(ValueError, match="thing"):
        services.raise_alert(acme.workspace, "tests.broken", "mill:1")
    assert not Alert.objects.exists()


def test_marketers_and_admins_are_told_once_and_viewers_not(acme):
    break_it(acme)
    break_it(acme)

    subject = "[PinConnect] Acme: The mill is broken"
    assert told() == [("alice", subject), ("bob", subject)]
    assert told() == []


def test_email_says_what_it_means_and_what_to_do(acme):
    break_it(acme)
    told()

    sent = outbox.outbox[0]
    for body in (sent.body, sent.alternatives[0].content):
        for words in ("The mill of Acme stopped.", "Mend it.", "http://testserver/w/acme/settings/members/"):
            assert words in body


def test_who_was_told_hears_of_the_end(acme):
    break_it(acme)
    told()

    services.resolve_alert(acme.workspace, "tests.broken", "mill:1")

    subject = "[PinConnect] Acme: Resolved: The mill is broken"
    assert told() == [("alice", subject), ("bob", subject)]


def test_what_is_over_before_anybody_was_told_is_not_told(acme):
    break_it(acme)

    services.resolve_alert(acme.workspace, "tests.broken", "mill:1")

    assert told() == []


def test_what_comes_and_goes_is_told_again_only_after_an_hour(acme):
    break_it(acme)
    told()
    services.resolve_alert(acme.workspace, "tests.broken", "mill:1")
    told()

    break_it(acme)

    assert told() == []
    OutgoingEmail.objects.filter(due_at__isnull=False).update(due_at=timezone.now() - timedelta(seconds=1))
    assert [who for who, _ in told()] == ["alice", "bob"]


def test_hour_of_quiet_is_about_the_same_thing_only(acme):
    break_it(acme)
    told()

    break_it(acme, subject="mill:2")

    assert len(told()) == 2


def test_who_left_meanwhile_is_not_told(acme):
    break_it(acme)

    remove_member(acme.membership(acme.bob), by=acme.alice)

    assert [who for who, _ in told()] == ["alice"]


def test_alert_of_a_kind_that_is_gone_still_has_a_page(acme, client):
    Alert.objects.create(workspace=acme.workspace, kind="gone.kind", subject="x")
    client.force_login(acme.vera)

    assert "Something needed attention" in client.get("/w/acme/alerts/").content.decode()


def test_alert_raised_by_an_older_version_still_has_a_page(acme):
    Alert.objects.create(workspace=acme.workspace, kind="tests.broken", subject="mill:1")

    assert services.open_alerts(acme.workspace)[0].title == "… is broken"


def test_page_shows_open_and_resolved_and_is_friendly_when_empty(acme, client):
    client.force_login(acme.vera)
    assert "Nothing needs you" in client.get("/w/acme/alerts/").content.decode()

    break_it(acme)
    break_it(acme, "burning", thing="<b>Barn</b>")
    services.resolve_alert(acme.workspace, "tests.broken", "mill:1")
    page = client.get("/w/acme/alerts/").content.decode()

    assert "&lt;b&gt;Barn&lt;/b&gt; is broken" in page
    assert page.index("Barn") < page.index("Resolved alerts") < page.index("The mill is broken")


def test_every_page_knows_how_many_are_open(acme, client):
    break_it(acme)
    client.force_login(acme.vera)

    assert client.get("/w/acme/settings/").context["open_alert_count"] == 1
    client.force_login(acme.charlie)
    assert client.get("/w/elsewhere/settings/").context["open_alert_count"] == 0


def test_stranger_gets_404_and_anonymous_signs_in(acme, client):
    assert client.get("/w/acme/alerts/").status_code == 302
    client.force_login(acme.charlie)
    assert client.get("/w/acme/alerts/").status_code == 404


def test_several_kinds_are_closed_at_once_and_nothing_is_written_where_none_is_open(acme, django_assert_num_queries):
    break_it(acme)
    break_it(acme, "burning")
    break_it(acme, "burning", subject="mill:2")

    assert services.resolve_alerts(acme.workspace, ["tests.broken", "tests.burning"], "mill:1") == 2

    assert [alert.subject for alert in Alert.objects.open()] == ["mill:2"]
    with django_assert_num_queries(1):
        assert services.resolve_alerts(acme.workspace, ["tests.broken", "tests.burning"], "mill:1") == 0
