"""The registry of identifier kinds: what each is called, how it travels to Pinterest, which columns look like it."""

from __future__ import annotations

from dataclasses import dataclass

# How the values of a column are to be understood. auto: plain ones are cleaned and hashed, SHA-256 hashes sent as they
# are. plain: a hash is refused. hashed: anything but a SHA-256 hash is refused. any_hash: the same, and MD5 and SHA-1
# are let through as well. e164: phone numbers as digits with country code, checked and hashed, never cleaned.
TREATMENTS = ("auto", "plain", "hashed", "any_hash", "e164")
_ANY_KIND = ("auto", "plain", "hashed")
# Pinterest takes MD5 and SHA-1 for these only. Source: Pinterest API 5.28, CustomerListRecordRow.
_OTHER_HASHES = (*_ANY_KIND, "any_hash")

# The numbers are stored in every ledger: never reuse or renumber one.
WIRE_NUMBERS = {"email": 1, "phone": 2, "maid": 3, "lr_id": 4, "dlx_id": 5, "pinner_id": 6}
WIRE_CODES = {number: code for code, number in WIRE_NUMBERS.items()}

# Field of a records_v2 row per wire kind, in the order rows are written; the other wire kinds have no field there.
# Source: Pinterest API 5.28, CustomerListRecordRow.
ROW_FIELDS = {
    "email": "email",
    "phone": "hashed_phone_number",
    "maid": "maid",
    "pinner_id": "hashed_pinner_id",
}


@dataclass(frozen=True)
class Kind:
    """One kind of identifier that a column can hold.

    wire: the kind Pinterest and the ledger know it by. list_type: of a customer list that holds only this kind, None
    where such a list does not exist. hints: words of column names, lower case without separators. treatments: those
    of TREATMENTS that make sense.
    """

    code: str
    label: str
    help: str
    wire: str
    list_type: str | None
    hints: tuple[str, ...]
    treatments: tuple[str, ...] = _ANY_KIND

    @property
    def wire_number(self) -> int:
        """How the ledger stores the wire kind."""
        return WIRE_NUMBERS[self.wire]

    @property
    def row_field(self) -> str | None:
        """The field of a records_v2 row, or None when the kind cannot travel in one."""
        return ROW_FIELDS.get(self.wire)


_ALL = (
    Kind(
        "email",
        "E-mail address",
        "Trimmed and lower-cased, then hashed with SHA-256. Dots and +tags stay as they are.",
        "email",
        "EMAIL",
        ("email", "mail", "emailaddress", "mailaddress", "eml", "correo", "courriel"),
        _OTHER_HASHES,
    ),
    Kind(
        "phone",
        "Phone number",
        "Brought to country code and number, digits only (E.164 without the plus), then hashed with SHA-256. "
        "Numbers without a country code need a default country.",
        "phone",
        None,
        ("phone", "phonenumber", "mobile", "mobilephone", "cell", "cellphone", "tel", "telephone", "telefon", "msisdn"),
        (*_OTHER_HASHES, "e164"),
    ),
    Kind(
        "gaid",
        "Google ad ID (Android)",
        "Lower-cased with dashes, then hashed with SHA-256.",
        "maid",
        "MAID",
        ("gaid", "aaid", "adid", "gpsadid", "googleadid", "googleadvertisingid", "androidid", "androidadid"),
        _OTHER_HASHES,
    ),
    Kind(
        "idfa",
        "Apple ad ID (IDFA)",
        "Upper-cased with dashes, then hashed with SHA-256.",
        "maid",
        "IDFA",
        ("idfa", "iosid", "iosadid", "appleadid", "appleadvertisingid"),
        _OTHER_HASHES,
    ),
    Kind(
        "maid",
        "Mobile ad ID, any platform",
        "Hashed with SHA-256 in the case it is written in, as Android IDs are lower case and Apple IDs upper case. "
        "Choose the platform if you know it.",
        "maid",
        "MAID",
        ("maid", "mobileadid", "mobileadvertisingid", "deviceid", "advertisingid"),
        _OTHER_HASHES,
    ),
    Kind(
        "lr_id",
        "LiveRamp ID",
        "Trimmed, case kept, then hashed with SHA-256.",
        "lr_id",
        "LR_ID",
        ("lrid", "liverampid", "rampid", "idl", "identitylink"),
    ),
    Kind(
        "dlx_id",
        "Datalogix ID",
        "Trimmed, case kept, then hashed with SHA-256.",
        "dlx_id",
        "DLX_ID",
        ("dlxid", "dlx", "datalogixid"),
    ),
    Kind(
        "pinner_id",
        "Hashed Pinner ID",
        "A Pinterest user ID hashed with SHA-256. Plain numeric IDs are hashed for you.",
        "pinner_id",
        "HASHED_PINNER_ID",
        ("pinnerid", "hashedpinnerid", "pinteresthashedid", "pinterestuserid"),
    ),
)

KINDS: dict[str, Kind] = {kind.code: kind for kind in _ALL}


WIRE_LABELS = {
    "email": "E-mail address",
    "phone": "Phone number",
    "maid": "Mobile ad ID",
    "lr_id": "LiveRamp ID",
    "dlx_id": "Datalogix ID",
    "pinner_id": "Pinner ID",
}


def wire_label(code: str) -> str:
    """What people call a wire kind."""
    return WIRE_LABELS[code]


def get(code: str) -> Kind:
    """The kind of that code; KeyError for an unknown one."""
    return KINDS[code]


def choices() -> list[tuple[str, str]]:
    """(code, label) in the order they are offered in forms."""
    return [(kind.code, kind.label) for kind in _ALL]
