"""Before anything is started, what stands in the way is named."""

import socket
from pathlib import Path

import pytest
from django.core.management.base import CommandError

from pinconnect.queue import launching
from tests.support.stack import free_port


def test_a_free_port_is_no_problem() -> None:
    launching.refuse_taken_port("PORT", "127.0.0.1", free_port(), was_cut_off=False)


def test_a_taken_port_is_named_with_a_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        with pytest.raises(CommandError, match=f"Port {port} is taken .* SIMULATOR_PORT={port + 10} make run"):
            launching.refuse_taken_port("SIMULATOR_PORT", "127.0.0.1", port, was_cut_off=False)


def test_a_port_that_is_taken_on_the_other_localhost_is_taken_too() -> None:
    with socket.socket(socket.AF_INET6) as server:
        server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            server.bind(("::1", 0))
        except OSError:
            pytest.skip("this machine has no IPv6")
        server.listen()

        with pytest.raises(CommandError, match="is taken"):
            launching.refuse_taken_port("PORT", "127.0.0.1", server.getsockname()[1], was_cut_off=False)


def test_after_a_kill_the_port_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([False, False, True])
    monkeypatch.setattr(launching, "_is_free", lambda *_: next(answers))

    launching.refuse_taken_port("PORT", "127.0.0.1", 8000, was_cut_off=True)

    assert list(answers) == []


def test_an_address_of_no_machine_is_named() -> None:
    with pytest.raises(CommandError, match=r"LISTEN_HOST is 192\.0\.2\.1, and this machine cannot listen there"):
        launching.refuse_taken_port("PORT", "192.0.2.1", free_port(), was_cut_off=False)


def test_a_folder_is_held_once_and_free_again_afterwards(tmp_path: Path) -> None:
    with launching.only_one(tmp_path) as was_cut_off:
        assert not was_cut_off
        with pytest.raises(CommandError, match="already running"), launching.only_one(tmp_path):
            pytest.fail("It was let in.")

    with launching.only_one(tmp_path) as was_cut_off:
        assert not was_cut_off


def test_a_start_that_was_cut_off_is_noticed_by_the_next(tmp_path: Path) -> None:
    (tmp_path / "up.lock").write_text("running\n")

    with launching.only_one(tmp_path) as was_cut_off:
        assert was_cut_off


def test_nothing_answers_where_nobody_listens() -> None:
    assert not launching.answers("127.0.0.1", free_port(), "/healthz")
