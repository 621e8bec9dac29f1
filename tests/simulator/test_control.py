"""The controls for scripts, the state page, and who may reach them."""

import time

import pytest

from tests.simulator.helpers import AUDIENCES, LISTS, Bob, body, emails, error
from tests.support.simulator import SimulatorInTest


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "evil.example:8001"])
def test_a_foreign_host_name_is_refused_everywhere(simulator: SimulatorInTest, host: str) -> None:
    for path in ("/_simulator/", "/_simulator/state", "/v5/user_account", "/oauth/"):
        assert simulator.call("GET", path, headers={"host": host}).status == 403


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8001", "localhost:8001", "[::1]:8001", "[::1]"])
def test_this_machine_is_allowed_under_its_names(simulator: SimulatorInTest, host: str) -> None:
    assert simulator.call("GET", "/_simulator/state", headers={"host": host}).status == 200


def test_a_form_of_another_site_cannot_work_the_controls(simulator: SimulatorInTest) -> None:
    for origin in ("http://evil.example", "null"):
        assert simulator.call("POST", "/_simulator/reset", body=b"{}", headers={"origin": origin}).status == 403

    assert (
        simulator.call("POST", "/_simulator/reset", body=b"{}", headers={"origin": "http://pinterest.test"}).status
        == 200
    )


def test_the_clock_can_be_moved_set_and_reset(simulator: SimulatorInTest) -> None:
    def now() -> float:
        return float(simulator.control("state")["now"])

    simulator.advance(1000)
    simulator.advance(500)
    assert abs(now() - time.time() - 1500) < 2
    simulator.control("clock", {"set": 1_000_000})
    assert abs(now() - 1_000_000) < 2
    simulator.control("clock", {"reset": True})
    assert abs(now() - time.time()) < 2


@pytest.mark.parametrize("data", [{}, {"advance": "1"}, {"advance": 1, "set": 2}, {"forward": 1}, {"set": None}])
def test_a_clock_order_that_makes_no_sense_is_refused(simulator: SimulatorInTest, data: dict) -> None:
    assert simulator.call("POST", "/_simulator/clock", json_body=data).status == 400


@pytest.mark.parametrize(
    "data", [{"tier": "gold"}, {"ready_delay_s": "5"}, {"unknown": 1}, {"legacy_app": 1}, {"limits": {"all": "x"}}]
)
def test_a_setting_that_makes_no_sense_is_refused(simulator: SimulatorInTest, data: dict) -> None:
    before = simulator.control("settings")

    assert simulator.call("POST", "/_simulator/settings", json_body=data).status == 400
    assert simulator.control("settings") == before


def test_settings_given_at_the_start_hold_after_a_reset(simulator: SimulatorInTest) -> None:
    simulator.settings(tier="trial", max_records=5)

    simulator.control("reset", {})

    assert simulator.control("settings")["tier"] == "off"
    assert simulator.control("settings")["max_records"] == 10_000


def test_a_reset_forgets_lists_tokens_and_calls_but_never_reuses_an_id(simulator: SimulatorInTest) -> None:
    bob = Bob(simulator)
    old = bob.new_list()

    simulator.control("reset", {})

    assert bob.get(LISTS).status == 401
    assert simulator.control("state")["customer_lists"] == []
    assert len(simulator.calls()) == 1
    assert int(Bob(simulator).new_list()) > int(old)


def test_calls_are_counted_without_tokens_or_queries(simulator: SimulatorInTest) -> None:
    bob = Bob(simulator)
    list_id = bob.new_list("a@b.c,d@e.f")
    bob.change(list_id, "REMOVE", "a@b.c")
    bob.get(f"{LISTS}?bookmark=secret")

    created, changed, listed = simulator.calls()

    assert (created["operation"], created["operation_type"], created["records"]) == ("customer_lists/create", "ADD", 2)
    assert (changed["method"], changed["operation_type"], changed["records"]) == ("PATCH", "REMOVE", 1)
    assert (listed["path"], listed["status"]) == (LISTS, 400)
    text = (simulator.config.data_dir / "calls.log").read_text()
    assert bob.token not in text
    assert "secret" not in text
    assert "a@b.c" not in text


def test_calls_can_be_cut_to_the_last_and_forgotten(simulator: SimulatorInTest) -> None:
    bob = Bob(simulator)
    for path in (LISTS, "/v5/user_account"):
        bob.get(path)

    assert [call["path"] for call in simulator.control("calls?last=1")["items"]] == ["/v5/user_account"]
    simulator.control("calls", method="DELETE")
    assert simulator.calls() == []


def test_tokens_can_be_ended_for_a_user(simulator: SimulatorInTest) -> None:
    bob, alice = Bob(simulator), Bob(simulator, "alice")

    assert simulator.control("tokens", {"user": "bob", "action": "revoke"}) == {"ended": 2}

    assert bob.get(LISTS).status == 401
    assert alice.get("/v5/ad_accounts").status == 200
    assert simulator.call("POST", "/_simulator/tokens", json_body={"action": "lose"}).status == 400


def test_a_grant_needs_a_known_user_and_known_scopes(simulator: SimulatorInTest) -> None:
    for data in ({"user": "mallory"}, {"scopes": ["ads:all"]}, {"scopes": [{}]}, {"scopes": 1}):
        assert simulator.call("POST", "/_simulator/grants", json_body=data).status == 400


def test_the_page_shows_the_state_and_no_token(simulator: SimulatorInTest) -> None:
    bob = Bob(simulator)
    list_id = bob.new_list(emails(120), name="<b>Spring</b>")
    bob.new_audience(list_id)
    simulator.fault("unavailable", method="PUT")

    page = simulator.call("GET", "/_simulator/")
    text = page.body.decode()

    assert page.status == 200
    assert "&lt;b&gt;Spring&lt;/b&gt;" in text
    assert "120 distinct" in text
    assert list_id in text
    assert "unavailable" in text
    assert bob.token not in text
    assert "pina_…" in text


def test_a_list_can_be_deleted_with_the_audiences_over_it(simulator: SimulatorInTest) -> None:
    bob = Bob(simulator)
    gone, kept = (bob.new_list(emails(3)) for _ in range(2))
    over = {list_id: bob.new_audience(list_id) for list_id in (gone, kept)}

    assert simulator.call("DELETE", f"/_simulator/customer_lists/{gone}").status == 200

    assert error(bob.get(f"{LISTS}/{gone}")) == (404, 404)
    assert error(bob.patch(f"{LISTS}/{gone}", {"operation_type": "ADD", "records": "x@example.com"})) == (404, 404)
    assert error(bob.get(f"{AUDIENCES}/{over[gone]}")) == (404, 404)
    assert [one["id"] for one in body(bob.get(LISTS))["items"]] == [kept]
    assert [one["id"] for one in body(bob.get(AUDIENCES))["items"]] == [over[kept]]
    assert len(simulator.members(kept)) == 3
    assert bob.new_list(emails(1)) not in (gone, kept)


@pytest.mark.parametrize("list_id", ["1", "x", "9" * 30])
def test_a_list_that_is_not_there_cannot_be_deleted(simulator: SimulatorInTest, list_id: str) -> None:
    assert simulator.call("DELETE", f"/_simulator/customer_lists/{list_id}").status == 404


def test_the_seeded_people_can_be_downloaded(simulator: SimulatorInTest) -> None:
    lines = simulator.call("GET", "/_simulator/people.csv").body.decode().splitlines()

    assert lines[0] == "email,phone,maid,platform"
    assert lines[1].startswith("member00000@example.com,+14155550000,")
    assert len(lines) == 2_501


def test_the_style_sheet_is_served_and_nothing_else_of_the_disk(simulator: SimulatorInTest) -> None:
    assert simulator.call("GET", "/static/simulator.css").headers["content-type"].startswith("text/css")
    for path in ("/static/../app.py", "/static/%2e%2e", "/static/app.py", "/nothing"):
        assert simulator.call("GET", path).status == 404
