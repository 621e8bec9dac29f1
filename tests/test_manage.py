"""The command line before there are any settings."""

import os
import subprocess
import sys
from pathlib import Path

from cryptography.fernet import Fernet

ROOT = Path(__file__).resolve().parents[1]


def manage(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_first_field_key_is_made_without_any_settings() -> None:
    done = manage("new_field_key")

    assert done.returncode == 0, done.stderr
    assert Fernet(done.stdout.strip())


def test_another_command_says_what_is_missing_in_one_sentence() -> None:
    done = manage("check")

    assert done.returncode == 1
    assert done.stderr.startswith("PinConnect cannot start. SECRET_KEY is missing.")
    assert "Traceback" not in done.stderr
