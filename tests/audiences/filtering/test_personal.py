"""Values that surely name a person are told from numbers of orders, postcodes, dates and amounts."""

import pytest

from audiences.filtering import personal
from audiences.filtering.conditions import Condition, FilterError, Group, RowFilter, check_mapped, checked
from tests.factories_audiences import ColumnChoice

SHA256 = "8c87b489ce35cf2e2f39f80e282cb2e804932a56a213983eeeb428407d43b52d"
SHA1, MD5 = SHA256[:40], SHA256[:32]


@pytest.mark.parametrize(
    "value",
    [
        "+49 170 1234567", "+491701234567", "＋49 170 1234567", "0049 170 1234567", "0170/1234567", "0170 1234567",
        "0170-123 45 67", "(0170) 1234567", "01701234567", "089 12345678", "(030) 1234 5678", "06 12 34 56 78",
        "06.12.34.56.78", "020 7946 0958", "04 1234 5678", "(02) 9374-4000", "0612345678", "(212) 555-0123",
        "212-555-0123", "1-212-555-0123", "212.555.0123", "+1 (415) 555-0100", "0170\u00a01234567",
    ],
)  # fmt: skip
def test_phone_numbers_are_known_however_they_are_written(value):
    assert personal.named(value) == "a phone number"


@pytest.mark.parametrize(
    "value",
    [SHA256, SHA1, MD5.upper(), f"sha256:{SHA256}"],
)
def test_hashes_are_known_by_their_length(value):
    assert personal.named(value) == "a hash"


@pytest.mark.parametrize("value", ["jane@example.com", "Jane Doe <jane@example.com>", "mailto:jane@example.com"])
def test_addresses_are_known_with_what_stands_around_them(value):
    assert personal.named(value) == "an e-mail address"


@pytest.mark.parametrize(
    "value",
    [
        # Plain numbers, postcodes, amounts.
        "7", "12345678", "80331", "02139-4307", "01310-100", "SW1A 1AA", "-12.5", "+5", "+100", "1.234.567,89",
        "1 234 567 890", "+1,234,567.89", "$ 1,234,567.00",
        # Dates and times.
        "2025-12-31", "31.12.2025", "01.02.2025", "01/02/2025", "20251231", "2025-12-31 10:00:00", "12/2025", "08:15",
        # Orders, articles, customers, devices, hosts.
        "00012345", "0000012345", "0012345678", "2025-0001234", "05-2025-000123", "4006381333931", "012345678905",
        "978-3-16-148410-0", "0-306-40615-2", "SKU-0170-1234567", "3fa85f64-5717-4562-b3fc-2c963f66afa6", "deadbeef",
        "192.168.100.200",
        # Parts of identifiers, and words.
        "@example.com", "example.com", "+49", "0170", "DE", "Gold", "0 bis 10", "",
    ],
)  # fmt: skip
def test_what_may_be_something_else_stays_possible(value):
    assert personal.named(value) is None


@pytest.mark.parametrize("value", ["+49 170 1234567", "0170/1234567", MD5])
@pytest.mark.parametrize("operator", ["is", "none_of", "contains", "starts"])
def test_no_condition_is_kept_that_names_a_person(operator, value):
    with pytest.raises(FilterError) as caught:
        checked(Condition("c", operator, (value,)))

    assert caught.value.code == "personal"
    assert value not in caught.value.sentence


def condition(column, operator, *values):
    return RowFilter((Group((Condition(column, operator, values),)),))


MAPPED = [
    ColumnChoice("phone", "phone", default_country="DE"),
    ColumnChoice("email", "email"),
    ColumnChoice("device", "gaid"),
    ColumnChoice("lr", "lr_id"),
    ColumnChoice("pinner", "pinner_id"),
]


@pytest.mark.parametrize(
    "found",
    [
        condition("phone", "is", "170 1234567"),
        condition("phone", "contains", "1701234567"),
        condition("phone", "above", "491701234567"),
        condition("device", "one_of", "x", "3fa85f64-5717-4562-b3fc-2c963f66afa6"),
        condition("lr", "is_not", "XY12"),
        condition("lr", "starts", "XY1234567890abcdef"),
        condition("pinner", "is", "123456"),
    ],
)
def test_a_column_that_is_sent_is_not_compared_with_one_of_its_identifiers(found):
    with pytest.raises(FilterError) as caught:
        check_mapped(found, MAPPED)

    assert caught.value.code == "personal"
    check_mapped(found, [])


@pytest.mark.parametrize(
    "found",
    [
        condition("phone", "starts", "+49"),
        condition("phone", "is_not", "n/a"),
        condition("phone", "empty"),
        condition("email", "contains", "@example.com"),
        condition("email", "filled"),
        condition("lr", "starts", "Xi"),
        condition("pinner", "starts", "12"),
        condition("country", "is", "DE"),
        None,
    ],
)
def test_a_column_that_is_sent_is_compared_with_parts_that_many_have(found):
    check_mapped(found, MAPPED)
