"""The token endpoint and its neighbours (statements 6 to 18)."""

import pytest

from tests.simulator.helpers import ACCOUNT, FORM, LISTS, Browser, body, error, token_call
from tests.support.simulator import SimulatorInTest

DAY = 86_400
MONTH = 30 * DAY


def exchange(simulator: SimulatorInTest, code: str, **extra: str) -> dict:
    """The answer to a code."""
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": simulator.redirect_uri, **extra}
    answer = token_call(simulator, **form)
    assert answer.status == 200, answer.body
    return body(answer)


def refresh(simulator: SimulatorInTest, token: str, **extra: str):
    """The answer to a refresh token."""
    return token_call(simulator, grant_type="refresh_token", refresh_token=token, **extra)


def basic(simulator: SimulatorInTest) -> dict[str, str]:
    """Headers with the app's HTTP Basic."""
    import base64

    login = base64.b64encode(f"{simulator.app_id}:{simulator.app_secret}".encode()).decode()
    return {**FORM, "authorization": f"Basic {login}"}


@pytest.mark.parametrize("header", [None, "Basic !!!", "Basic bm9jb2xvbg==", "Bearer x"])
def test_the_token_endpoint_wants_http_basic(simulator: SimulatorInTest, header: str | None) -> None:
    """Statement 6."""
    headers = {**FORM, **({"authorization": header} if header else {})}

    assert error(simulator.call("POST", "/v5/oauth/token", body=b"", headers=headers)) == (401, 2)
    assert error(token_call(simulator, secret="wrong", grant_type="refresh_token")) == (401, 2)


def test_json_instead_of_a_form_is_refused(simulator: SimulatorInTest) -> None:
    """Statement 7."""
    headers = {**basic(simulator), "content-type": "application/json"}

    answer = simulator.call("POST", "/v5/oauth/token", json_body={"grant_type": "refresh_token"}, headers=headers)

    assert error(answer) == (400, 1)


def test_a_code_gives_a_pair_of_tokens(simulator: SimulatorInTest) -> None:
    """Statement 8."""
    data = exchange(simulator, Browser(simulator).code())

    now = simulator.control("state")["now"]
    assert data["access_token"].startswith("pina_")
    assert data["refresh_token"].startswith("pinr_")
    assert (data["token_type"], data["response_type"]) == ("bearer", "authorization_code")
    assert (data["expires_in"], data["refresh_token_expires_in"]) == (2_592_000, 5_184_000)
    assert abs(data["refresh_token_expires_at"] - now - 5_184_000) < 5
    assert data["scope"] == "ads:read,ads:write,user_accounts:read"


def test_a_code_works_once(simulator: SimulatorInTest) -> None:
    """Statement 9."""
    code = Browser(simulator).code()
    exchange(simulator, code)

    again = token_call(simulator, grant_type="authorization_code", code=code, redirect_uri=simulator.redirect_uri)

    assert error(again) == (400, 283)


def test_a_code_dies_after_ten_minutes(simulator: SimulatorInTest) -> None:
    """Statement 9."""
    code = Browser(simulator).code()
    simulator.advance(601)

    late = token_call(simulator, grant_type="authorization_code", code=code, redirect_uri=simulator.redirect_uri)

    assert error(late) == (400, 283)


def test_another_redirect_uri_in_the_exchange_is_refused(simulator: SimulatorInTest) -> None:
    """Statement 10."""
    code = Browser(simulator).code()

    answer = token_call(simulator, grant_type="authorization_code", code=code, redirect_uri="http://testserver/")

    assert error(answer) == (400, 283)


def test_a_refresh_answers_with_a_whole_new_pair(simulator: SimulatorInTest) -> None:
    """Statement 11."""
    old = simulator.grant()

    data = body(refresh(simulator, old["refresh_token"]))

    assert data["response_type"] == "refresh_token"
    assert data["refresh_token_expires_in"] == 5_184_000
    assert data["refresh_token_expires_at"] > 0
    assert data["refresh_token"] not in (old["refresh_token"], "")
    assert simulator.call("GET", "/v5/user_account", token=data["access_token"]).status == 200


def test_an_old_refresh_token_goes_on_working_by_default(simulator: SimulatorInTest) -> None:
    """Statement 12."""
    old = simulator.grant()["refresh_token"]

    assert refresh(simulator, old).status == 200
    assert refresh(simulator, old).status == 200


def test_an_old_refresh_token_dies_under_strict_rotation(simulator: SimulatorInTest) -> None:
    """Statement 12."""
    simulator.settings(rotation="strict")
    old = simulator.grant()["refresh_token"]
    new = body(refresh(simulator, old))["refresh_token"]

    assert refresh(simulator, old).status == 401
    assert refresh(simulator, new).status == 200


def test_a_legacy_app_that_does_not_ask_gets_no_new_refresh_token(simulator: SimulatorInTest) -> None:
    """Statement 13."""
    simulator.settings(legacy_app=True)
    pair = exchange(simulator, Browser(simulator).code())

    data = body(refresh(simulator, pair["refresh_token"]))

    assert pair["refresh_token_expires_in"] == 31_536_000
    assert "access_token" in data
    assert not {"refresh_token", "refresh_token_expires_in", "refresh_token_expires_at"} & set(data)


def test_a_legacy_app_that_asks_is_refreshed_continuously(simulator: SimulatorInTest) -> None:
    """Statement 13."""
    simulator.settings(legacy_app=True)
    pair = exchange(simulator, Browser(simulator).code(), continuous_refresh="true")

    assert "refresh_token" in body(refresh(simulator, pair["refresh_token"]))


def test_an_unknown_or_expired_refresh_token_is_refused(simulator: SimulatorInTest) -> None:
    """Statement 14."""
    old = simulator.grant()["refresh_token"]
    simulator.advance(60 * DAY + 1)

    assert refresh(simulator, "pinr_unknown").status == 401
    assert refresh(simulator, old).status == 401


def test_a_refresh_cannot_widen_the_scopes(simulator: SimulatorInTest) -> None:
    old = simulator.grant(scopes=["ads:read", "user_accounts:read"])["refresh_token"]

    assert body(refresh(simulator, old, scope="ads:read"))["scope"] == "ads:read"
    assert error(refresh(simulator, old, scope="ads:write")) == (400, 1)


def test_client_credentials_read_but_do_not_write_lists(simulator: SimulatorInTest) -> None:
    """Statement 15."""
    data = body(token_call(simulator, grant_type="client_credentials", scope="ads:read,ads:write"))
    token = data["access_token"]

    created = simulator.call("POST", LISTS, token=token, json_body={"name": "x", "records": "a@b.c"})
    changed = simulator.call("PATCH", f"{LISTS}/1", token=token, json_body={"operation_type": "ADD"})

    assert token.startswith("pinc_")
    assert "refresh_token" not in data
    assert (created.status, changed.status) == (401, 401)
    assert simulator.call("GET", LISTS, token=token).status == 200


def test_a_system_user_s_token_can_be_revoked(simulator: SimulatorInTest) -> None:
    """Statement 16."""
    token = simulator.grant("robot")["access_token"]

    answer = simulator.call("POST", "/v5/oauth/token/revoke", body=f"token={token}".encode(), headers=basic(simulator))

    assert (answer.status, answer.body) == (200, b"")
    assert error(simulator.call("GET", "/v5/user_account", token=token)) == (401, 2)


def test_an_ordinary_user_s_token_cannot_be_revoked(simulator: SimulatorInTest) -> None:
    """Statement 16."""
    token = simulator.grant("bob")["access_token"]

    answer = simulator.call("POST", "/v5/oauth/token/revoke", body=f"token={token}".encode(), headers=basic(simulator))

    assert answer.status == 403
    assert simulator.call("GET", "/v5/user_account", token=token).status == 200


def test_a_conversion_token_is_good_for_events_only(simulator: SimulatorInTest) -> None:
    """Statement 17."""
    access = simulator.grant()["access_token"]
    data = body(simulator.call("POST", "/v5/oauth/conversion_token", token=access))
    event = {"event_name": "lead", "action_source": "web", "event_time": 1, "event_id": "e1"}
    events = {"data": [{**event, "user_data": {"em": ["0" * 64]}}]}

    sent = simulator.call("POST", f"/v5/ad_accounts/{ACCOUNT}/events", token=data["access_token"], json_body=events)

    assert set(data) == {"access_token", "token_type"}
    assert data["token_type"] == "conversion"
    assert (sent.status, body(sent)["num_events_processed"]) == (200, 1)
    assert simulator.call("GET", "/v5/user_account", token=data["access_token"]).status == 401
    assert simulator.call("GET", LISTS, token=data["access_token"]).status == 401


def test_a_conversion_token_needs_ads_write(simulator: SimulatorInTest) -> None:
    """Statement 17."""
    reader = simulator.grant(scopes=["ads:read"])["access_token"]

    assert error(simulator.call("POST", "/v5/oauth/conversion_token", token=reader)) == (401, 3)


def test_access_tokens_die_after_thirty_days_of_the_moved_clock(simulator: SimulatorInTest) -> None:
    """Statement 18."""
    token = simulator.grant()["access_token"]
    simulator.advance(MONTH - 60)
    assert simulator.call("GET", "/v5/user_account", token=token).status == 200

    simulator.advance(120)

    assert error(simulator.call("GET", "/v5/user_account", token=token)) == (401, 2)


def test_tokens_are_stored_as_hashes_only(simulator: SimulatorInTest) -> None:
    pair = simulator.grant()

    simulator.app.close()
    stored = b"".join(path.read_bytes() for path in simulator.config.data_dir.glob("state.sqlite3*"))
    simulator.restart()

    assert pair["access_token"].encode() not in stored
    assert pair["refresh_token"].encode() not in stored
    assert simulator.call("GET", "/v5/user_account", token=pair["access_token"]).status == 200
