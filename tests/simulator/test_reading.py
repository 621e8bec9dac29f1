"""user_account and ad_accounts (statements 30 to 33)."""

from tests.simulator.helpers import LISTS, SECOND_ACCOUNT, STRANGERS_ACCOUNT, Bob, body, error
from tests.support.simulator import SimulatorInTest


def test_user_account_is_the_token_s_user(simulator: SimulatorInTest) -> None:
    """Statement 30."""
    user = body(Bob(simulator).get("/v5/user_account"))

    assert user["username"] == "bobs_garden"
    assert user["id"].isdigit()
    assert user["account_type"] == "BUSINESS"
    assert user["business_name"] == "Bob's Garden Shop"


def test_a_personal_account_has_no_business_name(simulator: SimulatorInTest) -> None:
    user = body(Bob(simulator, "charlie").get("/v5/user_account"))

    assert user["account_type"] == "PINNER"
    assert "business_name" not in user


def test_user_account_of_an_ad_account_is_its_owner(simulator: SimulatorInTest) -> None:
    """Statement 30."""
    dana = Bob(simulator, "dana")

    assert body(dana.get(f"/v5/user_account?ad_account_id={SECOND_ACCOUNT}"))["username"] == "bobs_garden"
    assert error(Bob(simulator).get(f"/v5/user_account?ad_account_id={STRANGERS_ACCOUNT}")) == (403, 403)


def test_ad_accounts_come_in_pages_until_the_bookmark_is_null(simulator: SimulatorInTest) -> None:
    """Statement 31."""
    alice = Bob(simulator, "alice")
    found, path = [], "/v5/ad_accounts?page_size=20"
    sizes = []
    bookmark: str | None = ""
    while bookmark is not None:
        page = body(alice.get(f"{path}&bookmark={bookmark}" if bookmark else path))
        found += [account["id"] for account in page["items"]]
        sizes.append(len(page["items"]))
        bookmark = page["bookmark"]

    assert sizes == [20, 20, 5]
    assert found == sorted(set(found))


def test_the_default_page_holds_25(simulator: SimulatorInTest) -> None:
    """Statement 31."""
    page = body(Bob(simulator, "alice").get("/v5/ad_accounts"))

    assert len(page["items"]) == 25
    assert page["bookmark"]


def test_no_ad_account_is_an_empty_page(simulator: SimulatorInTest) -> None:
    """Statement 31."""
    assert body(Bob(simulator, "charlie").get("/v5/ad_accounts")) == {"items": [], "bookmark": None}


def test_shared_accounts_can_be_left_out(simulator: SimulatorInTest) -> None:
    """Statement 32."""
    bob = Bob(simulator)

    everything = body(bob.get("/v5/ad_accounts"))["items"]
    own = body(bob.get("/v5/ad_accounts?include_shared_accounts=false"))["items"]

    assert (len(everything), len(own)) == (6, 4)
    assert {account["owner"]["username"] for account in own} == {"bobs_garden"}


def test_an_account_says_what_the_user_may_do_in_it(simulator: SimulatorInTest) -> None:
    accounts = {item["name"]: item["permissions"] for item in body(Bob(simulator).get("/v5/ad_accounts"))["items"]}

    assert accounts["Bob's Garden Shop US"] == ["OWNER"]
    assert accounts["Spring Fair (shared by Alice)"] == ["ANALYST", "CAMPAIGN_MANAGER"]


def test_an_unknown_bookmark_is_refused(simulator: SimulatorInTest) -> None:
    """Statement 33."""
    alice = Bob(simulator, "alice")

    for bookmark in ("x", "e30=", "WzEsICJ4Il0=", "bnVsbA==", "%ff"):
        assert error(alice.get(f"/v5/ad_accounts?bookmark={bookmark}")) == (400, 1)


def test_a_bookmark_of_another_listing_is_refused(simulator: SimulatorInTest) -> None:
    """Statement 33."""
    alice, bob = Bob(simulator, "alice"), Bob(simulator)
    bookmark = body(alice.get("/v5/ad_accounts?page_size=1"))["bookmark"]

    assert bob.get(f"/v5/ad_accounts?page_size=1&bookmark={bookmark}").status == 400
    assert bob.get(f"{LISTS}?bookmark={bookmark}").status == 400
    assert alice.get(f"/v5/ad_accounts?include_shared_accounts=false&bookmark={bookmark}").status == 400
