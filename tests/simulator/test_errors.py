"""Who is let in, and errors as Pinterest words them (statements 19 to 24, 28 and 29)."""

import pytest

from tests.simulator.helpers import LISTS, STRANGERS_ACCOUNT, Bob, body, error
from tests.support.simulator import SimulatorInTest

SCOPES_TEXT = (
    "Your token does not have sufficient permissions to perform this operation."
    " Please ensure your token is authorized with the correct set of scopes."
)


@pytest.mark.parametrize("token", [None, "pina_UNKNOWN", "x"])
def test_no_or_a_bad_token_is_a_failed_authentication(simulator: SimulatorInTest, token: str | None) -> None:
    """Statement 19."""
    answer = simulator.call("GET", "/v5/user_account", token=token)

    assert answer.status == 401
    assert body(answer) == {"code": 2, "message": "Authentication failed.", "status": "failure"}


def test_a_refresh_token_is_no_bearer(simulator: SimulatorInTest) -> None:
    """Statement 19."""
    token = simulator.grant()["refresh_token"]

    assert simulator.call("GET", "/v5/user_account", token=token).status == 401


def test_a_missing_scope_is_a_401_with_code_3(simulator: SimulatorInTest) -> None:
    """Statement 20."""
    reader = Bob(simulator, scopes=["ads:read"])

    answer = reader.post(LISTS, {"name": "x", "records": "a@b.c"})

    assert error(answer) == (401, 3)
    assert body(answer)["message"] == SCOPES_TEXT
    assert reader.get("/v5/user_account").status == 401


def test_the_ad_account_of_somebody_else_is_a_403_with_code_29(simulator: SimulatorInTest) -> None:
    """Statement 21."""
    bob = Bob(simulator)
    path = f"/v5/ad_accounts/{STRANGERS_ACCOUNT}/customer_lists"

    assert error(bob.get(path)) == (403, 29)
    assert body(bob.get(path))["message"] == "You are not permitted to access that resource."
    assert error(bob.post(path, {"name": "x", "records": "a@b.c"})) == (403, 29)


def test_an_unknown_ad_account_is_a_404_whose_code_2_is_not_about_the_token(simulator: SimulatorInTest) -> None:
    assert error(Bob(simulator).get("/v5/ad_accounts/1")) == (404, 2)


@pytest.mark.parametrize("account", ["12a", "1234567890123456789", "%20", "٣"])
def test_an_ad_account_id_that_is_none_breaks_the_pattern(simulator: SimulatorInTest, account: str) -> None:
    """Statement 22."""
    answer = Bob(simulator).get(f"/v5/ad_accounts/{account}/customer_lists")

    assert error(answer) == (400, 1)
    assert r"must match the pattern: ^\d+$" in body(answer)["message"]


def test_a_page_size_that_is_no_number_is_named(simulator: SimulatorInTest) -> None:
    """Statement 23."""
    answer = Bob(simulator).get("/v5/ad_accounts?page_size=abc")

    assert error(answer) == (400, 1)
    assert body(answer)["message"] == "Parameter 'page_size' was not numeric (was abc)"


@pytest.mark.parametrize("size", [0, 251])
def test_a_page_size_out_of_range_is_refused(simulator: SimulatorInTest, size: int) -> None:
    """Statement 23."""
    assert Bob(simulator).get(f"/v5/ad_accounts?page_size={size}").status == 400
    assert Bob(simulator).get(f"{LISTS}?page_size={size}").status == 400


def test_every_error_has_an_integer_code_and_a_text(simulator: SimulatorInTest) -> None:
    """Statement 24."""
    bob = Bob(simulator)
    answers = [
        simulator.call("GET", "/v5/user_account"),
        simulator.call("GET", "/v5/nothing"),
        simulator.call("DELETE", "/v5/ad_accounts"),
        simulator.call("POST", "/v5/oauth/token"),
        bob.get(f"{LISTS}/1"),
        bob.post(LISTS, {}),
        bob.get("/v5/ad_accounts?bookmark=x"),
    ]

    assert {answer.status for answer in answers} == {400, 401, 404, 405}
    for answer in answers:
        assert type(body(answer)["code"]) is int
        assert body(answer)["message"]


@pytest.mark.parametrize("text", [b"", b"{", b"[1]", b"\xff", b'"x"', b"[" * 100_000])
def test_a_body_that_is_no_json_object_is_refused(simulator: SimulatorInTest, text: bytes) -> None:
    """Statement 28."""
    answer = simulator.call("POST", LISTS, token=simulator.grant()["access_token"], body=text)

    assert error(answer) == (400, 1)


def test_an_unknown_path_is_404_and_a_wrong_method_405(simulator: SimulatorInTest) -> None:
    """Statement 28."""
    assert error(simulator.call("GET", "/v5/unknown")) == (404, 404)
    assert error(simulator.call("PUT", LISTS)) == (405, 405)
    assert simulator.call("PUT", LISTS).headers["allow"] == "POST, GET"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("server_error", (500, 500)), ("unavailable", (503, 503)), ("error", (400, 12)), ("rate_limited", (429, 8))],
)
def test_faults_answer_with_pinterest_s_errors(
    simulator: SimulatorInTest, kind: str, expected: tuple[int, int]
) -> None:
    """Statement 29."""
    bob = Bob(simulator)
    simulator.fault(kind)

    assert error(bob.get(LISTS)) == expected
    assert bob.get(LISTS).status == 200


def test_the_transient_400_says_something_went_wrong(simulator: SimulatorInTest) -> None:
    """Statement 29."""
    bob = Bob(simulator)
    simulator.fault("error")

    assert body(bob.get(LISTS))["message"] == "something went wrong"


def test_a_429_for_spam_has_a_detail(simulator: SimulatorInTest) -> None:
    """Statement 29."""
    bob = Bob(simulator)
    simulator.fault("spam", reset=30)

    answer = bob.get(LISTS)

    assert answer.status == 429
    assert "spam" in body(answer)["message_detail"]
    assert answer.headers["x-ratelimit-reset"] == "30"


def test_a_slow_answer_is_held_back(simulator: SimulatorInTest) -> None:
    """Statement 29."""
    bob = Bob(simulator)
    simulator.fault("slow", seconds=40)

    assert bob.get(LISTS).delay_s == 40
    assert bob.get(LISTS).delay_s == 0
