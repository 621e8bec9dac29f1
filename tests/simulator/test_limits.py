"""Rate limits and the headers of every answer (statements 25 to 27)."""

import pytest

from pinconnect.simulator.http import Answer
from tests.simulator.helpers import LISTS, Bob, body, error
from tests.support.simulator import SimulatorInTest

RATE_HEADERS = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")
DAY = 86_400


def remaining(answer: Answer) -> int:
    """What the headers say is left."""
    return int(answer.headers["x-ratelimit-remaining"])


@pytest.mark.parametrize("tier", ["off", "standard", "trial"])
def test_every_answer_has_a_request_id_and_the_rate_headers(simulator: SimulatorInTest, tier: str) -> None:
    """Statement 25."""
    simulator.settings(tier=tier)
    bob = Bob(simulator)
    answers = [
        bob.get(LISTS),
        bob.get("/v5/nothing"),
        bob.get(f"{LISTS}/1"),
        simulator.call("GET", "/v5/user_account"),
        simulator.call("POST", "/v5/oauth/token"),
    ]

    assert len({answer.headers["x-pinterest-rid"] for answer in answers}) == len(answers)
    for answer in answers:
        assert all(name in answer.headers for name in RATE_HEADERS)
        assert int(answer.headers["x-ratelimit-limit"].split(",")[0]) > 0


def test_the_limit_names_every_window(simulator: SimulatorInTest) -> None:
    """Statement 25."""
    simulator.settings(tier="standard")

    assert Bob(simulator).get(LISTS).headers["x-ratelimit-limit"] == "100, 100;w=1, 1000;w=60"


def test_over_the_limit_is_a_429_that_says_how_long_to_wait(simulator: SimulatorInTest) -> None:
    """Statement 26."""
    simulator.settings(tier="standard", limits={"ads_read": 2})
    simulator.control("clock", {"set": 60_000_000_000})
    bob = Bob(simulator)
    assert [bob.get(LISTS).status for _ in range(2)] == [200, 200]

    answer = bob.get(LISTS)

    assert error(answer) == (429, 8)
    assert remaining(answer) == 0
    assert 55 <= int(answer.headers["x-ratelimit-reset"]) <= 60
    assert answer.headers["x-envoy-ratelimited"] == "true"
    assert "retry-after" not in {name.lower() for name in answer.headers}


def test_the_limit_is_lifted_when_the_window_ends(simulator: SimulatorInTest) -> None:
    """Statement 26."""
    simulator.settings(tier="standard", limits={"ads_read": 1})
    bob = Bob(simulator)
    bob.get(LISTS)
    wait = int(bob.get(LISTS).headers["x-ratelimit-reset"])

    simulator.advance(wait)

    assert bob.get(LISTS).status == 200


def test_a_refused_write_has_no_effect(simulator: SimulatorInTest) -> None:
    simulator.settings(tier="standard", limits={"ads_write": 1})
    bob = Bob(simulator)
    list_id = bob.new_list()

    answer = bob.patch(f"{LISTS}/{list_id}", {"operation_type": "ADD", "records": "b@b.c"})

    assert answer.status == 429
    assert bob.list_of(list_id)["num_batches"] == 1


def test_categories_and_users_are_counted_apart_in_standard(simulator: SimulatorInTest) -> None:
    """Statement 27."""
    simulator.settings(tier="standard", limits={"ads_read": 1})
    bob, alice = Bob(simulator), Bob(simulator, "alice")
    bob.get(LISTS)

    assert bob.get(LISTS).status == 429
    assert bob.get("/v5/user_account").status == 200
    assert alice.get("/v5/ad_accounts").status == 200


def test_two_tokens_of_one_user_share_a_limit(simulator: SimulatorInTest) -> None:
    """Statement 27."""
    simulator.settings(tier="standard", limits={"ads_read": 1})
    Bob(simulator).get(LISTS)

    assert Bob(simulator).get(LISTS).status == 429


def test_trial_counts_all_users_of_the_app_together_per_day(simulator: SimulatorInTest) -> None:
    """Statement 27."""
    simulator.settings(tier="trial", limits={"ads_read": 2})
    simulator.control("clock", {"set": DAY * 700_000 + 100})
    bob, alice = Bob(simulator), Bob(simulator, "alice")
    bob.get(LISTS)
    alice.get("/v5/ad_accounts")

    refused = bob.get(LISTS)
    simulator.advance(3600)
    still = bob.get(LISTS)

    assert (refused.status, still.status) == (429, 429)
    assert DAY - 110 <= int(refused.headers["x-ratelimit-reset"]) <= DAY
    assert bob.get("/v5/user_account").status == 200


def test_the_overall_limit_holds_across_categories(simulator: SimulatorInTest) -> None:
    """Statement 27."""
    simulator.settings(tier="trial", limits={"all": 2})
    bob = Bob(simulator)
    bob.get(LISTS)
    bob.get("/v5/user_account")

    assert bob.get(LISTS).status == 429


def test_counts_survive_a_restart(simulator: SimulatorInTest) -> None:
    simulator.settings(tier="trial", limits={"ads_read": 1})
    bob = Bob(simulator)
    bob.get(LISTS)

    simulator.restart()

    assert bob.get(LISTS).status == 429
    assert body(bob.get("/v5/user_account"))["username"] == "bobs_garden"
