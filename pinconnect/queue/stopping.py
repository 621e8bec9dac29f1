"""Lets a running task know that its worker is being stopped, so that it can put its work down in good order."""

import select

_stop_pipe: int | None = None


def watch(descriptor: int) -> None:
    """Take the read end of a pipe whose other end is closed when the worker is to stop; forked children inherit it."""
    global _stop_pipe
    _stop_pipe = descriptor


def is_asked() -> bool:
    """True once the worker is being stopped. Release leases and return soon: after a few seconds it is killed."""
    if _stop_pipe is None:
        return False
    poll = select.poll()
    poll.register(_stop_pipe, select.POLLIN | select.POLLHUP)
    return bool(poll.poll(0))
