"""What may reach a log: never a token, a secret or an identifier of a person."""

import hashlib
import io
import json
import logging
import time

import pytest

from pinconnect.lib import redact

SHA256 = hashlib.sha256(b"jane@example.com").hexdigest()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("got pina_AMAYTDQAAC2_x-9.eyJ=", "got [token]"),
        ("got pinr_0123abc, then pinc_77", "got [token], then [token]"),
        ("got pinr.eyJhbGciOi.J9", "got [token]"),
        ("Authorization: Bearer abcdef123456", "Authorization: Bearer [secret]"),
        ("Authorization: Basic MTIzOnNlY3JldA==", "Authorization: Basic [secret]"),
        ("client_secret=hunter2xyz&a=b", "client_secret=[secret]&a=b"),
        ('{"refresh_token": "whatever"}', '{"refresh_token": "[secret]"}'),
        (f"digest {SHA256}", "digest [digest]"),
        (f"digest {SHA256.upper()}", "digest [digest]"),
        ("sha1 " + "a1" * 20, "sha1 [digest]"),
        ("md5 " + "b2" * 16, "md5 [digest]"),
        ("mail Jane.O'Neil+tag@mail.example.co.uk!", "mail [e-mail]!"),
        ("/unsubscribe?e=jane%40example.com", "/unsubscribe?e=[e-mail]"),
        ("jané@exämple.de", "[e-mail]"),
        ("maid 38400000-8cf0-11bd-b23e-10b96e40000d", "maid [device id]"),
        ("call +49 (151) 234-56789", "call [number]"),
        ("call (415) 555-2671 now", "call [number] now"),
        ("phone=4915112345678", "phone=[number]"),
        ("call 0151 2345 6789", "call [number]"),
        ("Gone: /connect/QS2MXGyGdqpAftgpV3jex4281c_Q746rPCYV34q3yoE/start/", "Gone: /connect/[link]/start/"),
    ],
)
def test_secrets_and_identifiers_are_masked(text: str, expected: str) -> None:
    assert redact.redact(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Run 17 sent 10,000 records in 12.345678901 s",
        "at 2026-11-22 08:43:01 the batch ended",
        "GET /ad_accounts/549755885175/customer_lists/643 answered 404",
        "ad_account_id=549755885175 is not reachable",
        "Additional properties are not allowed ('category_name' was unexpected)",
        "uploaded 123456789.5 bytes; 127.0.0.1:8000; version 5.28.0",
        "pinterest, pinned, pin_a",
        "request 1234567890123456789 took 3 s",
    ],
)
def test_useful_facts_are_kept(text: str) -> None:
    assert redact.redact(text) == text


def test_announced_secrets_are_masked_and_short_ones_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redact, "_secrets", set())

    redact.hide("correct-horse", "abc", "")

    assert redact.redact("key correct-horse, abc") == "key [secret], abc"


def test_masking_twice_changes_nothing() -> None:
    once = redact.redact(f"client_secret=hunter2xyz pina_abc {SHA256} jane@example.com +4915112345678")

    assert redact.redact(once) == once


def test_a_long_line_is_masked_in_reasonable_time() -> None:
    started = time.perf_counter()

    redact.redact("a" * 300_000 + " " + "1 " * 100_000 + "a." * 100_000)

    assert time.perf_counter() - started < 5


@pytest.fixture
def log() -> tuple[logging.Logger, io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    handler.addFilter(redact.RedactFilter())
    logger = logging.Logger("pinconnect.test")
    logger.addHandler(handler)
    return logger, stream


def test_log_arguments_are_masked(log: tuple[logging.Logger, io.StringIO]) -> None:
    log[0].warning("could not send %s for %d rows", "jane@example.com", 3)

    assert log[1].getvalue() == "WARNING could not send [e-mail] for 3 rows\n"


def test_tracebacks_are_masked(log: tuple[logging.Logger, io.StringIO]) -> None:
    try:
        raise ValueError("bad value jane@example.com")
    except ValueError:
        log[0].exception("failed")

    assert "jane" not in log[1].getvalue()
    assert "ValueError: bad value [e-mail]" in log[1].getvalue()


def test_extra_texts_and_stacks_are_masked() -> None:
    record = logging.LogRecord("x", logging.INFO, "f", 1, "hello", (), None, sinfo="stack of jane@example.com")
    record.who = "jane@example.com"

    assert redact.RedactFilter().filter(record) is True

    assert record.who == "[e-mail]"
    assert record.stack_info == "stack of [e-mail]"


def test_a_wrong_format_string_neither_raises_nor_leaks(log: tuple[logging.Logger, io.StringIO]) -> None:
    log[0].warning("rows %d", "jane@example.com")

    assert log[1].getvalue() == "WARNING rows %d (the arguments do not fit and were left out)\n"


def test_messages_that_are_no_text_are_masked(log: tuple[logging.Logger, io.StringIO]) -> None:
    log[0].warning({"mail": "jane@example.com"})

    assert "jane" not in log[1].getvalue()


def test_json_of_a_token_answer_is_masked() -> None:
    text = json.dumps({"access_token": "pina_abc", "expires_in": 2592000})

    assert redact.redact(text) == '{"access_token": "[token]", "expires_in": 2592000}'
