"""Which encoding a text is in: by byte order mark, by trying UTF-8, and by statistics for what is older."""

from __future__ import annotations

import codecs
import re

from charset_normalizer import from_bytes

# (code for codecs, what people know it by), as offered when the user corrects what was found.
CHOICES: tuple[tuple[str, str], ...] = (
    ("utf-8", "UTF-8"),
    ("utf-16", "UTF-16"),
    ("utf-16-le", "UTF-16, little endian"),
    ("utf-16-be", "UTF-16, big endian"),
    ("cp1252", "Windows-1252 (Western Europe)"),
    ("iso8859-15", "ISO 8859-15 (Western Europe, with €)"),
    ("latin-1", "ISO 8859-1 (Latin-1)"),
    ("cp1250", "Windows-1250 (Central Europe)"),
    ("iso8859-2", "ISO 8859-2 (Central Europe)"),
    ("cp1251", "Windows-1251 (Cyrillic)"),
    ("koi8-r", "KOI8-R (Cyrillic)"),
    ("cp1253", "Windows-1253 (Greek)"),
    ("cp1254", "Windows-1254 (Turkish)"),
    ("cp1255", "Windows-1255 (Hebrew)"),
    ("cp1256", "Windows-1256 (Arabic)"),
    ("cp1257", "Windows-1257 (Baltic)"),
    ("cp932", "Shift JIS (Japanese)"),
    ("euc-jp", "EUC-JP (Japanese)"),
    ("gb18030", "GB 18030 (Chinese, simplified)"),
    ("big5", "Big5 (Chinese, traditional)"),
    ("cp949", "Windows-949 (Korean)"),
    ("mac-roman", "Mac OS Roman"),
)
LABELS = {**dict(CHOICES), "utf-8-sig": "UTF-8 with byte order mark"}

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What statistics may choose from. Western comes first and wins a tie: it is by far the commonest, and one another's
# look-alikes differ in signs that identifiers do not have.
_STATISTICAL = [
    "cp1252",
    "cp1250",
    "cp1251",
    "cp1253",
    "cp1254",
    "cp1255",
    "cp1256",
    "cp932",
    "gb18030",
    "big5",
    "cp949",
]
_WESTERN = "cp1252"
_LAST_RESORT = "latin-1"
_SAMPLE_BYTES = 32_768
_LINE_ENDS = re.compile(rb"[\r\n]+")
# What Polish and Slovak letters (ł, ą, ľ, ż) are in Windows-1252: signs that no Western word has inside.
_NOT_WESTERN = re.compile(rb"[A-Za-z\xc0-\xff][\xb3\xb9\xbe\xbf][A-Za-z\xc0-\xff]")
_WORD = re.compile(rb"[A-Za-z\x80-\xff]+")


def label(encoding: str) -> str:
    """What people call the encoding."""
    return LABELS.get(encoding, encoding.upper())


def is_utf8(encoding: str) -> bool:
    """Whether a reader of UTF-8 can read it as it is."""
    return encoding in {"utf-8", "utf-8-sig"}


def guess(head: bytes) -> str:
    """The most likely encoding of a text that begins like this; the rest of the text has still to be tried."""
    for bom, encoding in _BOMS:
        if head.startswith(bom):
            return encoding
    wide = _utf16_by_zeros(head)
    if wide:
        return wide
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        # Reading it as UTF-8 fails, and tells in which line.
        return "utf-8" if is_damaged_utf8(head) else legacy(head)
    return "utf-8"


def legacy(sample: bytes) -> str:
    """The likeliest of the older encodings, judged on what is not plain ASCII."""
    odd_lines = [line for line in _LINE_ENDS.split(sample) if not line.isascii()]
    # Each once: a word that repeats would count as a language of its own.
    odd_words = dict.fromkeys(word for line in odd_lines for word in _WORD.findall(line) if not word.isascii())
    # Addresses and numbers around them drown the words; but where a character is several bytes, words are cut in two.
    return _likeliest(b" ".join(odd_words)) or _likeliest(b"\n".join(odd_lines)) or _western(sample)


def _likeliest(text: bytes) -> str:
    """ "" when no encoding makes sense of it; Western when that is as good as any other."""
    text = text[:_SAMPLE_BYTES]
    matches = list(from_bytes(text, cp_isolation=_STATISTICAL, preemptive_behaviour=False, language_threshold=0.05))
    if _NOT_WESTERN.search(text):
        matches = [match for match in matches if _WESTERN not in match.could_be_from_charset] or matches
    if not matches:
        return ""
    best = matches[0]
    as_good = [match for match in matches if match.chaos <= best.chaos and match.coherence >= best.coherence]
    return _western(text) if any(_WESTERN in match.could_be_from_charset for match in as_good) else best.encoding


def is_damaged_utf8(sample: bytes) -> bool:
    """Whether a text that is not valid UTF-8 is UTF-8 all the same, with a few bad bytes in it."""
    text = sample.decode("utf-8", errors="surrogateescape")
    bad = sum("\udc80" <= character <= "\udcff" for character in text)
    good = sum(character > "\x7f" for character in text) - bad
    return bad > 0 and good >= 4 * bad


def _western(sample: bytes) -> str:
    """Windows-1252 leaves five codes undefined; Latin-1 reads every byte."""
    try:
        sample.decode(_WESTERN)
    except UnicodeDecodeError:
        return _LAST_RESORT
    return _WESTERN


def _utf16_by_zeros(head: bytes) -> str:
    """UTF-16 without a mark shows as a zero in every other byte of a mostly Latin text."""
    if len(head) < 4:
        return ""
    even, odd = head[0::2].count(0) / len(head[0::2]), head[1::2].count(0) / len(head[1::2])
    if odd > 0.4 and even < 0.1:
        return "utf-16-le"
    if even > 0.4 and odd < 0.1:
        return "utf-16-be"
    return ""
