"""One value before the rule that deliveries use, and before those of other tools."""

from hashlib import new, sha256

import pytest

from audiences.people import lab

IDFA = "AEBE52E7-03EE-455A-B3C4-E57283966239"


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def rules(examined: lab.Examined) -> dict[str, tuple[str, bool]]:
    return {other.tool: (other.digest, other.is_same) for other in examined.others}


def test_every_step_is_said_and_the_digest_is_the_one_that_is_sent() -> None:
    examined = lab.examine("email", "  John.Doe+news@Gmail.com ")

    assert examined.digest == digest("john.doe+news@gmail.com")
    assert examined.normalised == "john.doe+news@gmail.com"
    assert len(examined.steps) == 3
    assert examined.steps[-1] == "Hashed with SHA-256."


def test_narratives_rule_differs_where_there_are_dots_or_tags() -> None:
    theirs = rules(lab.examine("email", "John.Doe+news@gmail.com"))["Narrative"]

    assert theirs == (digest("johndoe@gmail.com"), False)
    assert rules(lab.examine("email", "johndoe@gmail.com"))["Narrative"][1] is True


def test_a_plus_in_front_of_a_phone_number_gives_another_hash() -> None:
    found = rules(lab.examine("phone", "+1 (415) 555-1234"))

    assert found["Narrative, guide"] == (digest("14155551234"), True)
    assert found["Narrative, concept page"] == (digest("+14155551234"), False)


def test_segment_and_rudderstack_disagree_about_the_case_of_an_apple_id() -> None:
    found = rules(lab.examine("idfa", IDFA.lower()))

    assert found["Segment"] == (digest(IDFA.lower()), False)
    assert found["RudderStack"] == (digest(IDFA.lower()), False)
    assert found["Narrative"] == (digest(IDFA), True)


def test_refused_value_says_why_and_has_no_digest() -> None:
    examined = lab.examine("email", "nobody")

    assert examined.refusal is not None
    assert examined.refusal.code == "email_no_at"
    assert (examined.digest, examined.others) == ("", ())


def test_hash_is_recognised_and_not_compared_with_other_rules() -> None:
    examined = lab.examine("email", digest("a@example.com").upper())

    assert examined.is_hashed_already
    assert examined.digest == digest("a@example.com")
    assert examined.others == ()


@pytest.mark.parametrize("kind", ["gaid", "idfa", "maid"])
def test_device_is_looked_for_in_either_case(kind: str) -> None:
    found = {one.digest.hex() for one in lab.identities(kind, IDFA, with_other_hashes=False)}

    assert found == {digest(IDFA), digest(IDFA.lower())}


def test_person_is_looked_for_under_every_hash_that_pinterest_takes() -> None:
    found = {one.digest.hex() for one in lab.identities("email", " Jane@Example.com")}

    assert found == {new(name, b"jane@example.com").hexdigest() for name in ("sha256", "sha1", "md5")}
    assert len(lab.identities("lr_id", "XY1005wXyWPB1SgpMUKIpzA0I3UaLEz")) == 1


@pytest.mark.parametrize("name", ["md5", "sha1"])
def test_hash_that_was_typed_is_looked_for_as_it_is(name: str) -> None:
    typed = new(name, b"jane@example.com").hexdigest()

    assert [one.digest.hex() for one in lab.identities("email", typed.upper())] == [typed]


def test_thirty_two_digits_may_be_a_device_or_a_hash() -> None:
    bare = IDFA.replace("-", "").lower()
    found = {one.digest.hex() for one in lab.identities("gaid", bare, with_other_hashes=False)}

    assert found == {digest(IDFA), digest(IDFA.lower()), bare}


def test_refused_value_has_no_identities() -> None:
    assert lab.identities("phone", "123") == ()
