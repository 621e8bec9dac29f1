"""The sample dataset of the demo: made-up customers, some of whom the simulated Pinterest knows, and some odd rows."""

import csv
from collections.abc import Iterator
from io import StringIO

ROWS = 5_000
# The simulator knows 2,500 people; docs/simulator.md says under which addresses and numbers.
KNOWN_TO_PINTEREST = 1_800
COLUMNS = ("customer_id", "email", "mobile", "country", "last_order")
_ODD_EMAILS = ("", "n/a", "not an address", "anna@", "bert@example..com", "carla@example.com, dirk@example.com")
_ODD_PHONES = ("", "unknown", "12345", "555-0100", "+1 415 555", "0000000000")


def content() -> bytes:
    """5,000 rows of CSV, the same every time."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(_row(number) for number in range(ROWS))
    return text.getvalue().encode()


def _row(number: int) -> Iterator[str]:
    # Every 25th customer stands in the list twice, as an export of two systems would have it.
    person = number - 1 if number % 25 == 24 else number
    yield f"C{number:06d}"
    yield _email(person, number)
    yield _phone(person, number)
    yield ("US", "CA", "GB", "DE")[number % 4]
    yield f"2026-{number % 12 + 1:02d}-{number % 28 + 1:02d}"


def _email(person: int, number: int) -> str:
    if number % 40 == 7:
        return _ODD_EMAILS[number // 40 % len(_ODD_EMAILS)]
    known = person < KNOWN_TO_PINTEREST
    address = f"member{person:05d}@example.com" if known else f"shopper{person:05d}@example.net"
    # People type their own addresses.
    return (address, address.upper(), f" {address}", address, f"{address} ")[number % 5]


def _phone(person: int, number: int) -> str:
    if number % 40 == 19:
        return _ODD_PHONES[number // 40 % len(_ODD_PHONES)]
    if person < KNOWN_TO_PINTEREST:
        return (f"+1415555{person:04d}", f"+1 (415) 555-{person:04d}", f"1-415-555-{person:04d}")[number % 3]
    return f"+1206555{person:04d}"
