"""No model change is left without its migration."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OWN = ("workspaces", "pinconnect_queue", "alerts", "profiles", "datasets", "audiences", "invites")


def manage(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "DEMO": "true",
        "DATA_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "pinconnect.settings",
    }
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_models_and_migrations_agree(tmp_path: Path) -> None:
    done = manage(tmp_path, "makemigrations", "--check", "--dry-run")

    assert done.returncode == 0, done.stdout + done.stderr


def test_migrations_build_every_table_of_ours(tmp_path: Path) -> None:
    done = manage(tmp_path, "migrate", "--plan")

    planned = {line.strip().split(".")[0] for line in done.stdout.splitlines() if line and not line.startswith(" ")}
    assert done.returncode == 0, done.stderr
    assert set(OWN) <= planned
