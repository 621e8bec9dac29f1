"""Why a value, a row or a whole source was refused: each code with what it means and what to do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """title: a few words for a table; meaning and action: one sentence each."""

    code: str
    title: str
    meaning: str
    action: str


_VALUES = (
    ("blank", "Blank", "There is nothing in this field.", "Nothing to do, unless the column should be filled."),
    (
        "placeholder",
        "Placeholder instead of a value",
        "The field says “null”, “n/a” or the like, which is not an identifier.",
        "Export empty fields as empty.",
    ),
    (
        "undecodable",
        "Unreadable characters",
        "Some bytes do not fit the encoding the file was read with.",
        "Choose the encoding the file was saved in, or export it as UTF-8.",
    ),
    (
        "control_character",
        "Control character inside",
        "The value contains an invisible control character.",
        "Clean the value at its source.",
    ),
    (
        "md5",
        "MD5 hash",
        "The value is an MD5 hash; only SHA-256 is accepted, unless the column is set to let it through.",
        "Export the plain value or its SHA-256 hash, or set the column to “hashed, MD5/SHA-1 too”.",
    ),
    (
        "sha1",
        "SHA-1 hash",
        "The value is a SHA-1 hash; only SHA-256 is accepted, unless the column is set to let it through.",
        "Export the plain value or its SHA-256 hash, or set the column to “hashed, MD5/SHA-1 too”.",
    ),
    (
        "hash_of_blank",
        "Hash of an empty value",
        "Somebody hashed an empty field, so every such row would look like the same person.",
        "Leave empty fields empty when hashing at the source.",
    ),
    (
        "hash_of_placeholder",
        "Hash of a placeholder",
        "Somebody hashed a word such as “null” or an all-zero ID, so every such row would look like the same person.",
        "Leave empty fields empty when hashing at the source.",
    ),
    (
        "not_a_hash",
        "Not a hash",
        "The column is set to “already hashed”, but this value is not the hexadecimal digits of a hash.",
        "Set the column to “plain” or “automatic”, or fix the export.",
    ),
    (
        "hash_in_plain",
        "Hash in a plain column",
        "The column is set to “plain”, but this value is a hash already; hashing it again would match nobody.",
        "Set the column to “already hashed” or “automatic”.",
    ),
    (
        "email_no_at",
        "No @ in the address",
        "An e-mail address has exactly one @.",
        "Check that the right column is mapped.",
    ),
    ("email_many_at", "More than one @", "An e-mail address has exactly one @.", "Keep one address per field."),
    (
        "email_space",
        "Space inside the address",
        "An e-mail address has no spaces; guessing where it ends could add a stranger.",
        "Correct the address at its source.",
    ),
    (
        "email_bad_character",
        "Character not allowed in an address",
        "The address contains a comma, a quote, a bracket or an invisible character.",
        "Keep one bare address per field, without a name around it.",
    ),
    (
        "email_bad_name",
        "Nothing usable before the @",
        "The part before the @ is empty, too long or has a dot in the wrong place.",
        "Correct the address at its source.",
    ),
    (
        "email_bad_domain",
        "Not a domain after the @",
        "The part after the @ is not a complete domain such as example.com.",
        "Correct the address at its source.",
    ),
    (
        "email_too_long",
        "Address too long",
        "An e-mail address has at most 254 characters.",
        "Correct the address at its source.",
    ),
    (
        "phone_letters",
        "Letters in the number",
        "The number contains letters that are not an extension.",
        "Export the number in digits.",
    ),
    (
        "phone_bad_character",
        "Not a phone number",
        "The value contains characters that do not belong to a phone number.",
        "Check that the right column is mapped, and keep one number per field.",
    ),
    (
        "phone_not_digits",
        "Not digits only",
        "The column is set to “digits with country code”, so nothing is cleaned, but this number has other characters.",
        "Set the column to “plain”, which cleans numbers, or export digits only, without a plus.",
    ),
    (
        "phone_too_short",
        "Number too short",
        "There are fewer digits than a full number has.",
        "Export numbers with area code and country code.",
    ),
    (
        "phone_too_long",
        "Number too long",
        "There are more digits than a phone number can have.",
        "Keep one number per field.",
    ),
    (
        "phone_no_country",
        "Country code missing",
        "The number has no country code that can be told for sure.",
        "Choose a default country for this column, or export numbers with a plus and country code.",
    ),
    (
        "phone_unknown_country",
        "Unknown country code",
        "No country has the code this number starts with.",
        "Correct the number at its source.",
    ),
    (
        "phone_wrong_length",
        "Wrong length for the default country",
        "The number does not have a length that numbers of the default country have.",
        "Check the default country, or export numbers with a plus and country code.",
    ),
    (
        "phone_dummy",
        "Made-up number",
        "The number is one digit repeated.",
        "Leave the field empty when there is no number.",
    ),
    (
        "maid_not_an_id",
        "Not an advertising ID",
        "An advertising ID is 32 hexadecimal digits in groups of 8-4-4-4-12.",
        "Check that the right column is mapped.",
    ),
    (
        "maid_zero",
        "All-zero advertising ID",
        "The device’s owner has switched ad tracking off.",
        "Nothing to do: these devices cannot be reached.",
    ),
    (
        "maid_mixed_case",
        "Upper and lower case mixed",
        "Android IDs are lower case and Apple IDs upper case, and their hashes differ; this one is both.",
        "Tell which platform the column holds.",
    ),
    (
        "id_bad_character",
        "Character not allowed in an ID",
        "The ID contains a space, a comma, a quote or a character beyond plain letters, digits and signs.",
        "Check that the right column is mapped.",
    ),
    (
        "id_zero",
        "All-zero ID",
        "An ID of nothing but zeros stands for nobody, and every row that has it would look like the same person.",
        "Leave the field empty when there is no ID.",
    ),
    ("id_too_long", "ID too long", "The ID has more than 512 characters.", "Check that the right column is mapped."),
    (
        "pinner_not_a_number",
        "Not a Pinner ID",
        "A Pinner ID is a number of up to 25 digits, or its SHA-256 hash.",
        "Check that the right column is mapped.",
    ),
)

_ROWS = (
    ("row_blank", "Row without identifiers", "All mapped fields of this row are blank.", "Nothing to do."),
    (
        "row_too_few_fields",
        "Row with too few fields",
        "The row ends before the last column.",
        "Correct the row, or export the file again.",
    ),
    (
        "row_too_many_fields",
        "Row with too many fields",
        "The row has more fields than there are columns, so nobody can say which value belongs where.",
        "Put values that contain the delimiter in quotes.",
    ),
    (
        "row_bad_quotes",
        "Row with broken quotes",
        "A quote is opened and not closed properly.",
        "Correct the quotes, or choose another quote character.",
    ),
    (
        "row_too_long",
        "Row too long",
        "The row is longer than 2 MB, which is a sign of broken quotes.",
        "Correct the quotes, or choose another quote character.",
    ),
)

_SOURCES = (
    (
        "unclosed_quote",
        "A quote is not closed",
        "A quote that is never closed swallows the lines after it, so the file cannot be read in full.",
        "Correct the quote in that row, or choose another quote character.",
    ),
    (
        "too_many_broken_rows",
        "Too many broken rows",
        "So many rows do not fit the columns that the file is probably read with the wrong settings.",
        "Check delimiter, quote character and encoding.",
    ),
    (
        "column_missing",
        "A mapped column is missing",
        "The file does not have a column that the delivery uses.",
        "Map another column, or export the file with it.",
    ),
    ("source_missing", "File missing", "The stored file is not there any more.", "Upload it again."),
    (
        "source_unreadable",
        "File cannot be read",
        "The file is damaged or is not what its name says.",
        "Export and upload it again.",
    ),
    (
        "source_empty",
        "No rows",
        "The file has no row of data.",
        "Upload a file with at least one row below the header.",
    ),
    (
        "unknown_encoding",
        "Unknown encoding",
        "The encoding chosen for the file does not exist.",
        "Choose another encoding, such as UTF-8.",
    ),
)

REASONS: dict[str, Reason] = {found[0]: Reason(*found) for found in (*_VALUES, *_ROWS, *_SOURCES)}
VALUE_REASONS = tuple(found[0] for found in _VALUES)
ROW_REASONS = tuple(found[0] for found in _ROWS)
SOURCE_REASONS = tuple(found[0] for found in _SOURCES)


def get(code: str) -> Reason:
    """The words for a code; an unknown code is shown as it is rather than hidden."""
    return REASONS.get(code) or Reason(code, code.replace("_", " "), "", "")
