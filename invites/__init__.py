"""App invites: links with which partners connect their Pinterest profile for a workspace."""
