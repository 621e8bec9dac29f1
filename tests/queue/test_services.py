"""The same promises on PostgreSQL, Redis and SQS."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from tests.queue.conftest import compete
from tests.support import processes, services
from tests.support.installation import Installation
from tests.support.stack import free_port

pytestmark = [pytest.mark.services, pytest.mark.slow]


@pytest.fixture(scope="module")
def postgres() -> Iterator[services.Server]:
    with services.postgres() as server:
        yield server


def does_its_work(installation: Installation) -> None:
    with installation.worker() as worker:
        installation.hint("note", 1, 2, 3)
        installation.hint("note", 4, cluster="prepare")
        notes = [installation.notes / str(number) for number in (1, 2, 3, 4)]
        assert processes.wait_until(lambda: all(note.exists() for note in notes)), installation.log

        assert worker.stop() == 0
        assert processes.all_of(installation.data_dir) == []


def test_on_postgres_rows_and_rates_are_shared_exactly(postgres: services.Server) -> None:
    compete("tables", postgres.url, 1)

    claimed = [pk for mine in compete("claim", postgres.url, 4) for pk in mine]
    granted = sum(compete("take", postgres.url, 4))
    runs = sum(compete("reconcile", postgres.url, 4))

    assert sorted(claimed) == sorted(set(claimed))
    assert len(claimed) == 60
    assert 100 <= granted <= 10 + 50 * 2.6
    assert 2 <= runs <= 3


def test_tasks_run_with_postgres_and_redis(tmp_path: Path) -> None:
    with services.postgres(with_tables=True) as database, services.redis() as redis:
        settings = {"DATABASE_URL": database.url, "QUEUE_BROKER": "redis", "REDIS_URL": redis.url}
        installation = Installation(tmp_path, settings)
        does_its_work(installation)


def test_tasks_run_with_sqs(installation: Installation) -> None:
    with services.aws() as endpoint:
        settings = {"QUEUE_BROKER": "sqs", "SQS_ENDPOINT_URL": endpoint, **services.AWS_SETTINGS}
        does_its_work(replace(installation, settings=settings))


def test_sqs_that_was_away_and_lost_its_queues_is_used_again(installation: Installation) -> None:
    port = free_port()
    settings = {"QUEUE_BROKER": "sqs", "SQS_ENDPOINT_URL": f"http://127.0.0.1:{port}", **services.AWS_SETTINGS}
    here = replace(installation, settings=settings)
    with ExitStack() as cloud:
        cloud.enter_context(services.aws(port))
        with here.worker():
            here.hint("note", 1)
            assert processes.wait_until((here.notes / "1").exists), here.log

            cloud.close()
            here.hint("note", 2)
            time.sleep(3.0)
            cloud.enter_context(services.aws(port))
            here.hint("note", 3)

            assert processes.wait_until((here.notes / "3").exists, 90), here.log
            assert not (here.notes / "2").exists(), "nobody could hear of it; reconcilers hint again"


def test_who_saves_a_row_is_not_hurt_when_redis_is_down(installation: Installation) -> None:
    with services.redis() as redis:
        pass
    settings = {"QUEUE_BROKER": "redis", "REDIS_URL": redis.url}

    replace(installation, settings=settings).hint("note", 1)


def test_pages_need_no_broker(installation: Installation) -> None:
    """Signing in counts attempts, and so does every page of an invite: neither where the broker is."""
    nobody = f"redis://127.0.0.1:{free_port()}/0"
    settings = {"QUEUE_BROKER": "redis", "REDIS_URL": nobody, "ALLOWED_HOSTS": "testserver"}
    asks = (
        "from django.test import Client; browser = Client(); "
        "who = {'login': 'somebody@example.com', 'password': 'wrong'}; "
        "print([browser.post('/accounts/login/', who).status_code, browser.get('/connect/guess/').status_code])"
    )

    said = replace(installation, settings=settings).manage("shell", "--no-imports", "-c", asks)

    assert said.splitlines()[-1] == "[200, 404]"
