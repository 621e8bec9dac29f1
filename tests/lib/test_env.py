"""Start-up refuses missing or malformed settings, and anything made up, with a sentence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

ROOT = Path(__file__).resolve().parents[2]
GOOD = {"SECRET_KEY": "x" * 50, "FIELD_KEYS": Fernet.generate_key().decode()}


def start(tmp_path: Path, **values: str) -> subprocess.CompletedProcess[str]:
    """Read the settings in a process of its own; an empty text takes a value away."""
    wanted = {"DATA_DIR": str(tmp_path / "data"), **GOOD, **values}
    environment = {name: value for name, value in wanted.items() if value}
    return subprocess.run(
        [sys.executable, "-c", "import pinconnect.settings"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_complete_settings_start(tmp_path: Path) -> None:
    done = start(tmp_path)

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY is missing"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is too short"),
        ({"FIELD_KEYS": ""}, "FIELD_KEYS is missing"),
        ({"FIELD_KEYS": "nonsense"}, "key number 1 is not 32 bytes"),
        ({"PORT": "eighty"}, "PORT must be a whole number"),
        ({"PORT": "0"}, "PORT must be at least 1"),
        ({"DEMO": "perhaps"}, "DEMO must be true or false"),
        ({"BASE_URL": "example.com"}, "BASE_URL must start with http"),
        ({"QUEUE_BROKER": "rabbit"}, "QUEUE_BROKER must be one of database, redis, sqs"),
        ({"QUEUE_BROKER": "redis"}, "REDIS_URL is missing"),
        ({"FILE_STORE": "s3"}, "S3_BUCKET is missing"),
        ({"PINTEREST_APP_ID": "1"}, "PINTEREST_APP_SECRET is missing"),
        ({"SECRET_KEY_FILE": "/nowhere/secret"}, "SECRET_KEY_FILE points to /nowhere/secret"),
        ({"SECRET_KEY": "demo-" + "x" * 60}, "A secret of a demo is set"),
        ({"PINTEREST_API_URL": "http://localhost:8001/v5"}, "The simulator is for DEMO=true only"),
    ],
)
def test_what_is_wrong_is_refused_with_a_sentence(tmp_path: Path, values: dict[str, str], sentence: str) -> None:
    done = start(tmp_path, **values)

    assert done.returncode != 0
    assert sentence in done.stderr.splitlines()[-1]


def test_secret_is_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("y" * 50 + "\n")

    assert start(tmp_path, SECRET_KEY="", SECRET_KEY_FILE=str(tmp_path / "secret")).returncode == 0


def test_demo_makes_its_own_secrets_and_production_refuses_its_folder(tmp_path: Path) -> None:
    assert start(tmp_path, DEMO="true", SECRET_KEY="", FIELD_KEYS="").returncode == 0

    done = start(tmp_path)

    assert "holds the data of a demo" in done.stderr.splitlines()[-1]


def test_refusal_does_not_print_the_secret(tmp_path: Path) -> None:
    done = start(tmp_path, FIELD_KEYS="my-own-secret-value")

    assert done.returncode != 0
    assert "my-own-secret-value" not in done.stderr
