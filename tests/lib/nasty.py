"""What a server might say that must be kept nowhere: tokens, identifiers, digests, signed addresses, in all shapes."""

DIGEST = "3f2a9c" + "0b7e" * 14 + "d1"
SHA1 = "a94a8fe5ccb19ba61c4c0873d391e987982fbbd3"
ADDRESS = "jane.doe+news@shop.example.co.uk"

# A text, and what of it must not be found again.
TEXTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Token pina_AbC123-secret.value was refused", ("AbC123", "secret.value")),
    ("refresh pinr.zzz0123456789abcdefgh", ("zzz0123",)),
    ("Authorization: Bearer qwertyuiop123456", ("qwertyuiop",)),
    ('{"access_token": "plainwordtoken"}', ("plainwordtoken",)),
    ("session-token=letmein42; path=/", ("letmein42",)),
    ("client_secret: opensesame", ("opensesame",)),
    (f"Record {ADDRESS} is invalid", ("jane", "shop.example")),
    ("Record jane.doe%40shop.example.com is invalid", ("jane", "shop.example")),
    ("Record jane@localhost is invalid", ("jane", "localhost")),
    ("Record jane\u200b@shop.example.com", ("jane", "shop.example")),
    ("Record jane\uff20shop.example.com", ("jane", "shop.example")),
    (f"Record {DIGEST} is invalid", (DIGEST[:10], DIGEST[20:30])),
    (f"Record {DIGEST.upper()} is invalid", (DIGEST[:10].upper(),)),
    (f"Record 0x{DIGEST} is invalid", (DIGEST[:10],)),
    (f"Record email_{DIGEST} is invalid", (DIGEST[:10],)),
    (f"Record {DIGEST[:12]}… is invalid", (DIGEST[:10],)),
    (f"bytes {' '.join(DIGEST[at : at + 2] for at in range(0, 64, 2))}", (DIGEST[8:10] + " " + DIGEST[10:12],)),
    (f"sha1 {SHA1}", (SHA1[:10],)),
    ("base64 Pyqc4LfuC37gt+4LfuC37gt+4LfuC37gt+4LfuC37R0=", ("Pyqc4L",)),
    ("amFuZUBleGFtcGxlLmNvbQ", ("amFuZUBl",)),
    ("jwt eyJhbGciOiJI.eyJzdWIiOiIx.c2ln", ("eyJhbG", "c2ln")),
    ("Call +1 (415) 555-0123 back", ("555-0123",)),
    ("phone 14155550123", ("14155550123",)),
    ("device 38400000-8CF0-11BD-B23E-10B96E40000D", ("8CF0", "10B96E40000D")),
    ("device 384000008cf011bdb23e10b96e40000d", ("384000008cf0",)),
    (
        "See https://bucket.s3.amazonaws.com/export/jane_doe.csv?X-Amz-Signature=abc&X-Amz-Credential=AKIA1",
        ("jane_doe", "Signature=abc", "AKIA1"),
    ),
    ("postgres://admin:hunter2@db.internal/app is down", ("hunter2", "admin")),
    ("callback?code=shortone&state=xyzzy", ("shortone", "xyzzy")),
)
# The same inside JSON, and values that only their field gives away.
FIELDS: dict[str, object] = {
    "email": "somebody",
    "user_email": ["somebody", "else"],
    "phone": 14155550123,
    "phone_id": "14155550123",
    "number": 14155550123,
    "ratio": 14155550123.5,
    "hash": "abc",
    "records": "x,y,z",
    "first_name": "Zebediah",
    "token": "shortish",
    "password": {"old": "first-try"},
    "X-Signature": "sigsig",
}
IN_FIELDS = ("somebody", "else", "14155550123", "abc", "x,y,z", "Zebediah", "shortish", "first-try", "sigsig")


def leaks(text: str) -> list[str]:
    """What of all this is found in a text."""
    parts = [part for _, secrets in TEXTS for part in secrets if part != "else"]
    return [part for part in parts if part in text]
