"""The logo of a workspace: one small picture in the file store, known by a random name."""

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.urls import reverse

from pinconnect.lib import pictures
from pinconnect.lib.texts import without_nul
from pinconnect.lib.tokens import new_token
from pinconnect.workspaces import audit
from pinconnect.workspaces.mail import InlinePicture
from pinconnect.workspaces.models import User, Workspace
from pinconnect.workspaces.refusals import Refused

MAX_BYTES = 200_000
LONGEST_SIDE = 2_000
CONTENT_TYPES = {"png": "image/png", "jpg": "image/jpeg"}
TOO_LARGE = "The picture is larger than 200 kB. Make it smaller, for example 400 pixels wide, and try again."


def set_logo(workspace: Workspace, *, by: User, content: bytes) -> None:
    """Check, rebuild and store a picture. Raises Refused."""
    if len(content) > MAX_BYTES:
        raise Refused(TOO_LARGE)
    try:
        picture = pictures.rebuild(content, longest_side=LONGEST_SIDE)
    except pictures.NotAPictureError as no:
        raise Refused(
            f"This file cannot be used: {str(no)[0].lower()}{str(no)[1:]} Choose a PNG or JPEG picture "
            f"with sides of at most {LONGEST_SIDE} pixels."
        ) from no
    name = f"{new_token()}.{picture.extension}"
    default_storage.save(_path(workspace.pk, name), ContentFile(picture.content))
    _change(workspace, by, name, "workspace.logo_changed")


def remove_logo(workspace: Workspace, *, by: User) -> None:
    if workspace.logo:
        _change(workspace, by, "", "workspace.logo_removed")


def read(name: str) -> bytes | None:
    """The picture of this name, if it is the logo of some workspace."""
    owner = Workspace.objects.exclude(logo="").filter(logo=without_nul(name)).first()
    return content_of(owner) if owner else None


def content_of(workspace: Workspace) -> bytes | None:
    """None when there is no logo, or its file is gone."""
    if not workspace.logo:
        return None
    try:
        with default_storage.open(_path(workspace.pk, workspace.logo)) as file:
            content: bytes = file.read(MAX_BYTES + 1)
    except OSError:
        return None
    return content


def address(workspace: Workspace) -> str:
    """Where anybody who is shown the logo gets it; empty without one."""
    return reverse("workspaces:logo", kwargs={"name": workspace.logo}) if workspace.logo else ""


def inline_logo(workspace: Workspace) -> InlinePicture | None:
    """For e-mails: it travels inside, so that opening one tells nobody."""
    content = content_of(workspace)
    if content is None:
        return None
    return InlinePicture("logo", content, workspace.logo.rpartition(".")[2], workspace.name)


@transaction.atomic
def _change(workspace: Workspace, by: User, name: str, verb: str) -> None:
    stored = Workspace.objects.select_for_update().get(pk=workspace.pk)
    Workspace.objects.filter(pk=workspace.pk).update(logo=name)
    workspace.logo = name
    audit.record(verb, workspace, workspace=workspace, by=by)
    if stored.logo:
        transaction.on_commit(lambda: default_storage.delete(_path(workspace.pk, stored.logo)))


def _path(workspace_id: int, name: str) -> str:
    return f"workspaces/{workspace_id}/logo/{name}"
