"""A hint goes out when the transaction is committed, carries an id only, and never hurts who sent it."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django_q.models import OrmQ

from pinconnect.queue import hints


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(hints, "_quiet_until", 0.0)
    vars(hints._brokers).clear()
    yield
    vars(hints._brokers).clear()


@pytest.mark.django_db(transaction=True)
def test_a_hint_is_sent_after_the_commit() -> None:
    with transaction.atomic():
        hints.enqueue("tests.queue.tasks.note", 7)
        assert OrmQ.objects.count() == 0

    task = OrmQ.objects.get().task
    assert (task["func"], task["args"], task["kwargs"]) == ("tests.queue.tasks.note", (7,), {})


@pytest.mark.django_db(transaction=True)
def test_nothing_is_sent_when_the_transaction_is_rolled_back() -> None:
    with transaction.atomic():
        hints.enqueue("tests.queue.tasks.note", 7)
        transaction.set_rollback(True)

    assert OrmQ.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_each_cluster_has_a_queue_of_its_own() -> None:
    hints.enqueue("tests.queue.tasks.note", 1)
    hints.enqueue("tests.queue.tasks.note", 2, cluster="prepare")

    assert sorted(OrmQ.objects.values_list("key", flat=True)) == ["pinconnect", "prepare"]


@pytest.mark.parametrize("wrong", ["someone@example.com", "a" * 64, None, 1.5, True, [1]])
def test_only_an_id_may_be_sent(wrong: Any) -> None:
    with pytest.raises(TypeError, match="id of a row"):
        hints.enqueue("tests.queue.tasks.note", wrong)


class DownBroker:
    list_key = "pinconnect"
    tries = 0

    def enqueue(self, _: str) -> None:
        DownBroker.tries += 1
        raise ConnectionError("refused by secret-host.internal")


@pytest.fixture
def down(monkeypatch: pytest.MonkeyPatch) -> None:
    DownBroker.tries = 0
    monkeypatch.setattr(hints, "get_broker", lambda _: DownBroker())


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("down")
def test_a_broker_that_is_down_is_logged_and_not_raised(caplog: pytest.LogCaptureFixture) -> None:
    hints.enqueue("tests.queue.tasks.note", 7)

    assert DownBroker.tries == 1
    assert "ConnectionError" in caplog.text
    assert "secret-host" not in caplog.text


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("down")
def test_a_broker_that_is_down_is_left_alone_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    for pk in range(20):
        hints.enqueue("tests.queue.tasks.note", pk)
    assert DownBroker.tries == 1

    monkeypatch.setattr(hints, "_quiet_until", 0.0)
    hints.enqueue("tests.queue.tasks.note", 21)
    assert DownBroker.tries == 2
