"""Programs that end when the one that started them ends, however it ends.

python -m pinconnect.queue.tied PARENT_PID PROGRAM ARGUMENT…
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from types import FrameType

_PR_SET_PDEATHSIG = 1
_LOOK_EVERY_S = 0.5
IS_LINUX = sys.platform == "linux"


def end_with(parent: int) -> None:
    """Have the kernel kill this process when its parent ends. Linux only; does nothing elsewhere.

    The thread that starts this process must live as long as its program: Linux means the thread, not the process.
    """
    if not IS_LINUX:
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def tie_forks() -> None:
    """Tie everything that this process forks, and what that forks, each to the one that forked it."""
    parent = os.getpid()

    def before() -> None:
        nonlocal parent
        parent = os.getpid()

    os.register_at_fork(before=before, after_in_child=lambda: end_with(parent))


def become(command: list[str], parent: int) -> None:
    """Turn into the command, tied to the parent; the tie survives exec."""
    end_with(parent)
    os.execvp(command[0], command)  # noqa: S606 -- the command is ours, and no shell is wanted


def accompany(command: list[str], parent: int) -> int:
    """Where the kernel has no such tie: stay beside the command, pass signals on, and kill the group with the parent.

    This process must lead its process group. Returns the command's exit status.
    """
    process = subprocess.Popen(command, close_fds=False)  # noqa: S603 -- the command is ours

    def pass_on(number: int, _: FrameType | None) -> None:
        process.send_signal(number)

    signal.signal(signal.SIGTERM, pass_on)
    signal.signal(signal.SIGINT, pass_on)
    while process.poll() is None:
        if os.getppid() != parent:
            os.killpg(os.getpgrp(), signal.SIGKILL)
        time.sleep(_LOOK_EVERY_S)
    return process.returncode if process.returncode >= 0 else 128 - process.returncode


def main() -> None:
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if IS_LINUX:
        become(command, parent)
    sys.exit(accompany(command, parent))


if __name__ == "__main__":
    main()
