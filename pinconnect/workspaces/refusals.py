"""What a person asked for and cannot have, in words that page, admin and command show as they are."""


class Refused(Exception):  # noqa: N818 -- it is an answer, not a fault
    """The message is a sentence for the person who asked; it names nobody else."""


LAST_ADMIN = "A workspace needs at least one admin. Make somebody else an admin first."
ALREADY_MEMBER = "This person is a member already. You can change the role in the list of members."
ALREADY_INVITED = "This address is invited already. To send the e-mail once more, use “Send again”."
TOO_MANY_INVITATIONS = "There are too many open invitations. Revoke those that are no longer needed first."
TOO_SOON = "The e-mail was asked for less than a minute ago. Wait a moment before you send it again."
NOT_OPEN = "This invitation is no longer open: it was accepted or revoked meanwhile."
EXPIRED = "This invitation has expired. Ask an admin of the workspace to send it again."
OTHER_ADDRESS = "The invitation is for another e-mail address than the ones verified for you."
GONE = "This person is no longer a member."
