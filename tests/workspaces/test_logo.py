"""The logo of a workspace: set by admins, shown to whoever has its address, carried in e-mails."""

from unittest.mock import patch

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile

from pinconnect.workspaces import logos, mail
from pinconnect.workspaces.models import AuditEvent, Workspace
from pinconnect.workspaces.refusals import Refused
from tests.support.images import png


def send(client, acme, content: bytes, name: str = "logo.png", content_type: str = "image/png"):
    file = SimpleUploadedFile(name, content, content_type)
    return client.post(f"{acme.url}settings/logo/", {"picture": file})


def text(answer) -> str:
    return " ".join(answer.content.decode().split())


def test_admin_sets_a_logo_and_everybody_with_its_address_sees_it(client, acme):
    client.force_login(acme.alice)

    answer = send(client, acme, png())

    workspace = Workspace.objects.get(pk=acme.workspace.pk)
    client.logout()
    shown = client.get(logos.address(workspace))
    assert answer.url == f"{acme.url}settings/"
    assert (shown.status_code, shown.content) == (200, png())
    assert (shown["Content-Type"], shown["X-Content-Type-Options"]) == ("image/png", "nosniff")
    assert "sandbox" in shown["Content-Security-Policy"]
    assert len(workspace.logo) > 40, "not to be guessed"
    assert AuditEvent.objects.get(verb="workspace.logo_changed").actor == acme.alice


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<svg onload='alert(1)'/>", "Choose a PNG or JPEG"),
        (png(2001, 1), "sides are too long"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 200_000, "larger than 200 kB"),
        (b"x" * 3_000_000, "larger than 200 kB"),
        (b"", "Choose a PNG or JPEG"),
    ],
)
def test_what_cannot_be_a_logo_is_refused_in_words(client, acme, content, said):
    client.force_login(acme.alice)

    answer = send(client, acme, content)

    assert answer.status_code == 200
    assert said in text(answer)
    assert not Workspace.objects.exclude(logo="").exists()


def test_name_and_declared_type_play_no_part(client, acme):
    client.force_login(acme.alice)

    send(client, acme, png(), "logo.html", "text/html")

    workspace = Workspace.objects.get(pk=acme.workspace.pk)
    assert client.get(logos.address(workspace))["Content-Type"] == "image/png"


def test_no_file_is_an_error_at_its_field(client, acme):
    client.force_login(acme.alice)

    assert "Choose a PNG or JPEG picture" in text(client.post(f"{acme.url}settings/logo/", {"x": "y"}))


def test_marketers_do_not_change_it(client, acme):
    client.force_login(acme.bob)

    assert client.get(f"{acme.url}settings/logo/").status_code == 403
    assert send(client, acme, png()).status_code == 403
    assert client.post(f"{acme.url}settings/logo/remove/").status_code == 403


def test_a_new_logo_and_none_at_all_delete_the_old_file(client, acme, django_capture_on_commit_callbacks):
    client.force_login(acme.alice)
    with django_capture_on_commit_callbacks(execute=True):
        send(client, acme, png())
        first = Workspace.objects.get(pk=acme.workspace.pk).logo
        send(client, acme, png(5, 5))
        second = Workspace.objects.get(pk=acme.workspace.pk).logo
    folder = f"workspaces/{acme.workspace.pk}/logo"
    assert default_storage.listdir(folder)[1] == [second]
    assert client.get(f"/logo/{first}").status_code == 404

    with django_capture_on_commit_callbacks(execute=True):
        client.post(f"{acme.url}settings/logo/remove/")

    assert default_storage.listdir(folder)[1] == []
    assert Workspace.objects.get(pk=acme.workspace.pk).logo == ""


@pytest.mark.parametrize("name", ["x" * 43 + ".png", "..", "%2e%2e%2fsecret"])
def test_unknown_names_do_not_exist(client, acme, name):
    assert client.get(f"/logo/{name}").status_code == 404


def test_a_lost_file_breaks_nothing(client, acme):
    logos.set_logo(acme.workspace, by=acme.alice, content=png())
    default_storage.delete(f"workspaces/{acme.workspace.pk}/logo/{acme.workspace.logo}")

    assert logos.inline_logo(acme.workspace) is None
    assert client.get(logos.address(acme.workspace)).status_code == 404


def test_too_large_is_refused_before_it_is_looked_at(acme):
    with patch.object(logos.pictures, "rebuild") as rebuild, pytest.raises(Refused, match="200 kB"):
        logos.set_logo(acme.workspace, by=acme.alice, content=b"x" * (logos.MAX_BYTES + 1))

    assert not rebuild.called


def test_email_carries_the_picture_inside(acme):
    logos.set_logo(acme.workspace, by=acme.alice, content=png())
    logo = logos.inline_logo(acme.workspace)
    context = {"alert": {"title": "x"}, "workspace": acme.workspace}

    built = mail.build(
        mail.Message("p@example.org", "Hello", "alert_raised", context, pictures=(logo,), reply_to="mark@example.org")
    )

    message = built.message()
    picture = next(part for part in message.walk() if part.get_content_type() == "image/png")
    assert message.get_content_type() == "multipart/related"
    assert (picture["Content-ID"], picture.get_payload(decode=True)) == ("<logo>", png())
    assert message["Reply-To"] == "mark@example.org"
