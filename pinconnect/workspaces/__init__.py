"""Tenancy: workspaces, members and their roles, who may see or do what, and who did what."""
