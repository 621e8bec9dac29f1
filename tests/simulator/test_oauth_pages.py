"""The pages on which a user signs in and decides (statements 1 to 5)."""

import pytest

from tests.simulator.helpers import Browser, returned, token_call
from tests.simulator.helpers import body as json_of
from tests.support.simulator import SimulatorInTest


@pytest.mark.parametrize("missing", ["client_id", "redirect_uri", "response_type"])
def test_a_link_without_a_required_parameter_gets_an_error_page(simulator: SimulatorInTest, missing: str) -> None:
    """Statement 1."""
    answer = Browser(simulator).open(**{missing: None})

    assert answer.status == 400
    assert "location" not in answer.headers
    assert b"This link does not work" in answer.body


def test_another_response_type_or_client_gets_an_error_page(simulator: SimulatorInTest) -> None:
    """Statement 1."""
    assert Browser(simulator).open(response_type="token").status == 400
    assert Browser(simulator).open(client_id="999").status == 400


@pytest.mark.parametrize("ending", ["x", "?a=b", "#f"])
def test_a_redirect_uri_that_is_not_registered_byte_for_byte_is_refused(
    simulator: SimulatorInTest, ending: str
) -> None:
    """Statement 2."""
    answer = Browser(simulator).open(redirect_uri=simulator.redirect_uri + ending)

    assert answer.status == 400
    assert "location" not in answer.headers


def test_approving_sends_back_a_code_and_the_same_state(simulator: SimulatorInTest) -> None:
    """Statement 3."""
    browser = Browser(simulator)
    browser.sign_in("bob")

    back = returned(browser.decide("allow", state="a b&c"))

    assert back["state"] == "a b&c"
    assert len(back["code"]) == 40


def test_denying_sends_back_access_denied_and_the_state(simulator: SimulatorInTest) -> None:
    """Statement 4."""
    browser = Browser(simulator)
    browser.sign_in("bob")

    assert returned(browser.decide("deny")) == {"error": "access_denied", "state": "s1"}


def test_an_unknown_scope_gets_an_error_page(simulator: SimulatorInTest) -> None:
    """Statement 5."""
    assert Browser(simulator).open(scope="ads:read,ads:everything").status == 400
    assert Browser(simulator).open(scope="").status == 400


@pytest.mark.parametrize("scope", ["ads:read,ads:write", "ads:read ads:write", "ads:read, ads:write"])
def test_scopes_may_be_separated_by_commas_or_blanks(simulator: SimulatorInTest, scope: str) -> None:
    """Statement 5."""
    browser = Browser(simulator)
    browser.sign_in("bob")

    page = browser.open(scope=scope).body.decode()

    assert 'value="ads:read"' in page
    assert 'value="ads:write"' in page


def test_unticked_scopes_are_not_granted(simulator: SimulatorInTest) -> None:
    code = Browser(simulator).code(scopes=["ads:read"])

    answer = token_call(simulator, grant_type="authorization_code", code=code, redirect_uri=simulator.redirect_uri)

    assert json_of(answer)["scope"] == "ads:read"


def test_a_scope_that_was_not_asked_for_cannot_be_ticked(simulator: SimulatorInTest) -> None:
    browser = Browser(simulator)
    browser.sign_in("bob")

    answer = browser.decide("allow", ["billing:write"])

    assert answer.status == 400
    assert b"Nothing is ticked" in answer.body


def test_scopes_add_up_over_grants_when_switched_on(simulator: SimulatorInTest) -> None:
    simulator.settings(scopes_accumulate=True)
    Browser(simulator).code(scopes=["ads:write"])
    code = Browser(simulator).code(scopes=["ads:read"])

    answer = token_call(simulator, grant_type="authorization_code", code=code, redirect_uri=simulator.redirect_uri)

    assert set(json_of(answer)["scope"].split(",")) == {"ads:read", "ads:write"}


def test_someone_signed_out_sees_the_users_and_no_consent(simulator: SimulatorInTest) -> None:
    page = Browser(simulator).open().body.decode()

    assert "Bob&#x27;s Garden Shop" in page
    assert "charlie_pins" in page
    assert "bobs_robot" not in page
    assert "Give access" not in page


def test_a_decision_without_the_session_s_form_token_is_refused(simulator: SimulatorInTest) -> None:
    victim = Browser(simulator)
    victim.sign_in("bob")
    form = b"decision=allow&scope=ads:read&form_token=guess"

    answer = simulator.call("POST", f"/oauth/?{victim.authorize_query()}", body=form, headers={"cookie": victim.cookie})

    assert answer.status == 403


def test_a_system_user_or_a_stranger_cannot_sign_in(simulator: SimulatorInTest) -> None:
    assert Browser(simulator).sign_in("robot").status == 400
    assert Browser(simulator).sign_in("mallory").status == 400


def test_signing_in_never_leads_away_from_the_simulator(simulator: SimulatorInTest) -> None:
    answer = simulator.call("POST", "/oauth/sign-in", body=b"user=bob&query=//evil.example/")

    assert answer.headers["location"].startswith("/oauth/?")


def test_switching_the_user_ends_the_session(simulator: SimulatorInTest) -> None:
    browser = Browser(simulator)
    browser.sign_in("bob")

    simulator.call("POST", "/oauth/sign-out", body=b"", headers={"cookie": browser.cookie})

    assert b"Sign in to the simulator" in browser.open().body


def test_pages_have_a_strict_policy_and_let_the_form_lead_back_to_the_app(simulator: SimulatorInTest) -> None:
    browser = Browser(simulator)
    browser.sign_in("bob")

    answer = browser.open()

    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'")
    assert policy.endswith("form-action 'self' http://testserver")
    assert b"<script" not in answer.body
    assert b"style=" not in answer.body
