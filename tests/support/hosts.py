"""Several hosts as one machine can pretend them: each with its own name, data folder, work folder and worker.

They share the database, the broker and the storage, and nothing else. Host 1 is a whole `up` with the simulator and the
pages; the others run workers only, as docs/operations.md says.
"""

import os
import shutil
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from pinconnect.lib.env import DEMO_SECRETS_FILE
from tests.support import processes, scripted, services
from tests.support.installation import Installation
from tests.support.stack import Stack, running_stack

BUCKET = "pinconnect-files"
# Every host may send for a run; by default two tasks do.
SETTINGS = {"DJANGO_SETTINGS_MODULE": "tests.chaos.settings", "PUMPS_PER_RUN": "6", "ENGINE_THREADS": "1"}


@dataclass
class Hosts:
    """What runs. workers: the hosts beside the first, by name."""

    stack: Stack
    workers: dict[str, Installation]
    database: str

    def query(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Read from the shared database."""
        with psycopg.connect(self.database) as connection:
            return connection.execute(sql, parameters).fetchall()

    def lose(self, name: str) -> None:
        """SIGKILL to everything of a worker's host, for good."""
        folder = self.workers.pop(name).data_dir
        while left := processes.all_of(folder):
            for process in left:
                with suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGKILL)

    def calls(self) -> dict[str, int]:
        """How many batches each host has got an answer for."""
        answered = "kind IN ('add', 'remove', 'create_list') AND NOT is_error"
        return dict(self.query(f"SELECT host, count(*) FROM audiences_call WHERE {answered} GROUP BY host"))  # type: ignore[arg-type]


@contextmanager
def redis_and_a_shared_folder(folder: Path) -> Iterator[Mapping[str, str]]:
    """Redis, and files in a folder that every host has mounted at DATA_DIR/files."""
    (folder / "shared").mkdir()
    with services.redis() as broker:
        yield {"QUEUE_BROKER": "redis", "REDIS_URL": broker.url}


@contextmanager
def sqs_and_s3(_: Path) -> Iterator[Mapping[str, str]]:
    """Amazon's SQS and S3, as moto pretends them."""
    import boto3

    with services.aws() as endpoint:
        keys = services.AWS_SETTINGS
        s3 = boto3.client(
            "s3",
            endpoint_url=endpoint,
            region_name=keys["AWS_DEFAULT_REGION"],
            aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
        )
        s3.create_bucket(Bucket=BUCKET)
        storage = {"FILE_STORE": "s3", "S3_BUCKET": BUCKET, "S3_ENDPOINT_URL": endpoint, "S3_REGION": "us-east-1"}
        yield {"QUEUE_BROKER": "sqs", "SQS_ENDPOINT_URL": endpoint, **storage, **keys}


GROUNDS: dict[str, Callable[[Path], Any]] = {"redis": redis_and_a_shared_folder, "sqs": sqs_and_s3}


@contextmanager
def running_hosts(folder: Path, ground: str, names: Sequence[str], settings: Mapping[str, str]) -> Iterator[Hosts]:
    """Host 1 with everything, and a worker on each of the named hosts."""
    with ExitStack() as stack:
        database = stack.enter_context(services.postgres(with_tables=True))
        shared = stack.enter_context(GROUNDS[ground](folder))
        common = {"DATABASE_URL": database.url, **SETTINGS, **shared, **settings}
        first = folder / "host-1"
        _share_files(folder, first)
        up = stack.enter_context(running_stack(first, {**common, "HOST_NAME": "host-1"}))
        scripted.connect(up)
        hosts = Hosts(up, {}, database.url)
        for name in names:
            hosts.workers[name] = stack.enter_context(_worker(hosts, folder, name))
        yield hosts


@contextmanager
def _worker(hosts: Hosts, folder: Path, name: str) -> Iterator[Installation]:
    data_dir = folder / name
    _share_files(folder, data_dir)
    # A demo makes its own secrets; all hosts of one installation have the same.
    shutil.copy(hosts.stack.data_dir / DEMO_SECRETS_FILE, data_dir)
    installation = Installation(data_dir, {**hosts.stack.installation.settings, "HOST_NAME": name})
    with installation.worker():
        yield installation


def _share_files(folder: Path, data_dir: Path) -> None:
    data_dir.mkdir()
    if (folder / "shared").exists():
        (data_dir / "files").symlink_to(folder / "shared")
