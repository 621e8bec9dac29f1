"""Users, workspaces, memberships, invitations of members, e-mails to be sent, and the audit log."""

from pinconnect.workspaces.models.audit_event import AuditEvent
from pinconnect.workspaces.models.invitation import MemberInvitation
from pinconnect.workspaces.models.outgoing_email import OutgoingEmail
from pinconnect.workspaces.models.user import User
from pinconnect.workspaces.models.workspace import Membership, Workspace, WorkspaceOwned

__all__ = ["AuditEvent", "MemberInvitation", "Membership", "OutgoingEmail", "User", "Workspace", "WorkspaceOwned"]
