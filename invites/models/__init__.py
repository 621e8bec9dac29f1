"""App invites, the codes of their links, and their timelines."""

from invites.models.event import InviteEvent
from invites.models.invite import AppInvite, InviteCode, Purpose

__all__ = ["AppInvite", "InviteCode", "InviteEvent", "Purpose"]
