"""The engine is lent like a new one: nothing of whoever had it before can be seen, and nobody has it twice."""

import multiprocessing
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pinconnect.lib import engine

SETTINGS = "SELECT name, value FROM duckdb_settings() WHERE name IN ({})"
NAMES = ("threads", "memory_limit", "temp_directory", "max_temp_directory_size", "preserve_insertion_order")


@pytest.fixture(autouse=True)
def _nothing_waits() -> Iterator[None]:
    engine.close_idle()
    yield
    engine.close_idle()


def settings_of(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    return dict(connection.execute(SETTINGS.format(", ".join(f"'{name}'" for name in NAMES))).fetchall())


def tables_of(connection: duckdb.DuckDBPyConnection) -> list[str]:
    return [name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()]


def is_kept() -> bool:
    return bool(engine._idle)


def test_the_next_one_gets_the_same_instance_without_anything_of_the_one_before(tmp_path: Path) -> None:
    with engine.borrowed(threads=1) as connection:
        fresh = settings_of(connection)
    with engine.borrowed(threads=3, memory_limit_mb=100, spill=tmp_path / "spill", max_spill_mb=50) as connection:
        assert settings_of(connection) != fresh
        connection.execute("SET preserve_insertion_order = false")
        connection.execute('CREATE TABLE "odd name" AS SELECT 1; CREATE TEMP TABLE mine AS SELECT 2')
        connection.cursor().execute("CREATE TABLE of_a_cursor AS SELECT 3")
        assert len(tables_of(connection)) == 3
    (waiting,) = engine._idle

    with engine.borrowed(threads=1) as connection:
        assert settings_of(connection) == fresh
        assert tables_of(connection) == []
    assert engine._idle == [waiting]


def test_two_at_once_have_one_each_and_one_of_them_is_kept() -> None:
    with engine.borrowed() as one, engine.borrowed() as other:
        one.execute("CREATE TABLE t AS SELECT 1")
        assert tables_of(other) == []

    assert len(engine._idle) == 1


def test_threads_never_share_one() -> None:
    together, seen = threading.Barrier(4), []

    def use() -> None:
        for number in range(10):
            with engine.borrowed(threads=1) as connection:
                connection.execute(f"CREATE TABLE t AS SELECT {number}")
                together.wait(30)
                seen.append(tables_of(connection))

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert seen == [["t"]] * 40
    assert len(engine._idle) == 1


def test_after_a_failure_it_is_not_used_again() -> None:
    with pytest.raises(duckdb.Error), engine.borrowed() as connection:
        connection.execute("SELECT nothing")

    assert not is_kept()


def test_one_that_wrote_to_the_disk_is_not_used_again(tmp_path: Path) -> None:
    with engine.borrowed(memory_limit_mb=64, spill=tmp_path / "spill") as connection:
        connection.execute("CREATE TABLE t AS SELECT range, sha256(range::VARCHAR) FROM range(3_000_000)")
        assert any((tmp_path / "spill").iterdir())

    assert not is_kept()
    assert not any((tmp_path / "spill").glob("*.tmp"))


def test_one_that_was_busy_for_long_gives_its_memory_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_KEPT_AFTER_S", -1.0)

    with engine.borrowed() as connection:
        connection.execute("SELECT 1")

    assert not is_kept()


def test_one_that_cannot_be_set_up_any_more_is_replaced() -> None:
    with engine.borrowed() as connection:
        connection.execute("SELECT 1")
    engine._idle[0].close()

    with engine.borrowed() as connection:
        assert connection.execute("SELECT 42").fetchall() == [(42,)]


@pytest.mark.filterwarnings("ignore:This process")
def test_a_forked_process_starts_its_own() -> None:
    with engine.borrowed() as connection:
        connection.execute("SELECT 1")
    answers = multiprocessing.get_context("fork").SimpleQueue()

    def use() -> None:
        with engine.borrowed(threads=2) as connection:
            answers.put((os.getpid(), connection.execute("SELECT sum(range) FROM range(1_000_000)").fetchone()))

    child = multiprocessing.get_context("fork").Process(target=use)
    child.start()
    child.join(60)

    assert child.exitcode == 0
    assert answers.get() == (child.pid, (499_999_500_000,))


def test_a_process_that_forks_while_others_lend_leaves_none_behind() -> None:
    is_over = threading.Event()

    def use() -> None:
        while not is_over.is_set():
            with engine.borrowed(threads=1) as connection:
                connection.execute("SELECT 1")

    thread = threading.Thread(target=use)
    thread.start()
    try:
        for _ in range(20):
            child = os.fork()
            if not child:
                os._exit(len(engine._idle) + engine._lock.locked())
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    finally:
        is_over.set()
        thread.join()
