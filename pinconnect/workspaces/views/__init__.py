"""Pages about workspaces, members, invitations and the audit log."""
