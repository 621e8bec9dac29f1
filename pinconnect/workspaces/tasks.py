"""What the queue runs for workspaces."""

from pinconnect.workspaces import mail


def send_email(pk: int) -> bool:
    """Send one outgoing e-mail; safe to run twice."""
    return mail.send(pk)
