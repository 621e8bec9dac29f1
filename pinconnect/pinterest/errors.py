"""The error tree: the class alone says what a caller may do next.

PinterestError
├── Transient             try later, nothing was changed or a repeat is harmless
│   ├── RateLimited       too many calls; retry_after_s says how long to wait
│   ├── ServerTrouble     Pinterest failed or its answer to a read was unusable
│   └── NotSent           no connection, so Pinterest never saw the call
├── UnknownOutcome        sent, but not known whether it took effect: repeat additions and removals, look up creations
└── Terminal              the same call will fail again; a person or another call is needed
    ├── Rejected          Pinterest refuses the content of the call
    │   └── TooLarge      more than Pinterest takes in one call: send less
    ├── NotFound          the object does not exist, or not for us
    └── AccessLost        the profile can no longer do this
        ├── TokenRefused  the token or grant is expired, revoked or unknown
        ├── MissingScope  the grant lacks a permission
        └── NotPermitted  this Pinterest user, or our app, may not do it
            └── FlaggedAsSpam  Pinterest blocks the calls as spam; going on makes it worse
"""

from __future__ import annotations

from pinconnect.lib import answers

_LONGEST_MESSAGE = 200


class PinterestError(Exception):
    """A call to Pinterest did not succeed.

    status: the HTTP status, None when there was no answer. code: Pinterest's own number, None when absent.
    request_id: Pinterest's name for the call, to quote to its support. pinterest_message: its words, short and masked.
    """

    def __init__(
        self,
        summary: str = "",
        *,
        status: int | None = None,
        code: int | None = None,
        request_id: str | None = None,
        pinterest_message: str = "",
    ) -> None:
        super().__init__(summary)
        self.status = status
        self.code = code
        self.request_id = request_id
        self.pinterest_message = answers.mask(pinterest_message, longest=_LONGEST_MESSAGE)

    def __str__(self) -> str:
        parts = [super().__str__() or type(self).__name__]
        if self.status is not None:
            parts.append(f"HTTP {self.status}" + ("" if self.code is None else f", code {self.code}"))
        if self.pinterest_message:
            parts.append(self.pinterest_message)
        return ": ".join(parts)


class Transient(PinterestError):  # noqa: N818 - the name says what to do, not that it is an error
    """Trying later may succeed; retry_after_s is what Pinterest asked for, None when it said nothing."""

    retry_after_s: float | None = None


class RateLimited(Transient):
    """Too many calls; retry_after_s always holds the seconds to wait."""

    retry_after_s: float

    def __init__(
        self,
        summary: str = "",
        *,
        retry_after_s: float,
        status: int | None = 429,
        code: int | None = None,
        request_id: str | None = None,
        pinterest_message: str = "",
    ) -> None:
        super().__init__(summary, status=status, code=code, request_id=request_id, pinterest_message=pinterest_message)
        self.retry_after_s = retry_after_s


class ServerTrouble(Transient):
    """Pinterest failed, or answered a read with something unusable."""


class NotSent(Transient):
    """No connection was made, so Pinterest never saw the call."""


class UnknownOutcome(PinterestError):  # noqa: N818 - the name says what to do, not that it is an error
    """The call was sent and it is not known whether it took effect."""


class Terminal(PinterestError):  # noqa: N818 - the name says what to do, not that it is an error
    """The same call would fail again."""


class Rejected(Terminal):
    """Pinterest refuses the content of the call."""


class TooLarge(Rejected):
    """The call holds more than Pinterest takes at once."""


class NotFound(Terminal):
    """The object does not exist, or not for this profile."""


class AccessLost(Terminal):
    """The profile can no longer do this."""


class TokenRefused(AccessLost):
    """The token or grant is expired, revoked or unknown."""


class MissingScope(AccessLost):
    """The grant lacks a permission that the call needs."""


class NotPermitted(AccessLost):
    """This Pinterest user, or our app, may not do it."""


class FlaggedAsSpam(NotPermitted):
    """Pinterest blocks the calls as spam; a person has to look before anything more is sent."""
