"""Tests of pinconnect.workspaces."""
