"""The encoding of JSON text: UTF-8, or UTF-16 and UTF-32 converted to UTF-8."""

import codecs

from ptrack_analysis.errors import PageError

UTF8_MARK = codecs.BOM_UTF8
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)  # the mark of UTF-32 begins with the mark of UTF-16
_ZEROS = {
    (False, True, True, True): "utf-32-le",
    (True, True, True, False): "utf-32-be",
    (False, True, False, True): "utf-16-le",
    (True, False, True, False): "utf-16-be",
}


def find_encoding(start: bytes) -> str | None:
    """Return the encoding of JSON text that begins with some bytes, None for UTF-8.

    A byte order mark decides. Without one, the zeros among the first four bytes do: JSON begins with two
    ASCII characters.
    """
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return encoding
    return _ZEROS.get(tuple(not byte for byte in start[:4]))  # type: ignore[arg-type] # of four or fewer


def convert_to_utf8(raw: bytes, place: str, encoding: str) -> tuple[bytes, str | None]:
    """Convert text to UTF-8 without byte order marks.

    Returns
    -------
    tuple
        The bytes, and a sentence if the text ends within a character, else None.

    Raises
    ------
    PageError
        If the text is not in this encoding.
    """
    name = encoding[:6].upper()
    unit = 4 if name == "UTF-32" else 2
    rest = len(raw) % unit
    try:
        text = raw[: len(raw) - rest].decode(encoding)
    except UnicodeDecodeError as error:
        shown = raw[error.start : error.start + 4]
        raise PageError(f"{place}: invalid {name} at byte {error.start}: {shown!r}") from error
    cut = f"{place}: the {name} text ends within a character (byte {len(raw)})" if rest else None
    return text.removeprefix("\ufeff").encode(), cut
