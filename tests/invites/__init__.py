"""Tests of app invites."""
