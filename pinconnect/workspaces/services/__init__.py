"""Every change to workspaces, members, invitations and users."""

from pinconnect.workspaces.services.invitations import accept_invitation, invite_member, revoke, send_again
from pinconnect.workspaces.services.members import add_member, change_role, remove_member
from pinconnect.workspaces.services.users import change_name, create_verified_user
from pinconnect.workspaces.services.workspaces import change_workspace, create_workspace

__all__ = [
    "accept_invitation",
    "add_member",
    "change_name",
    "change_role",
    "change_workspace",
    "create_verified_user",
    "create_workspace",
    "invite_member",
    "remove_member",
    "revoke",
    "send_again",
]
