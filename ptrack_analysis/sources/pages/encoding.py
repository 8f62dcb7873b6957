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
_ZEROS: dict[tuple[bool, ...], str] = {
    (False, True, True, True): "utf-32-le",
    (True, True, True, False): "utf-32-be",
    (False, True, False, True): "utf-16-le",
    (True, False, True, False): "utf-16-be",
}


def find_encoding(start: bytes) -> str | None:
    """Return the encoding of JSON text from its first bytes, None for UTF-8.

    A byte order mark decides. Without a mark, zeros among the first four bytes decide, because JSON starts
    with two ASCII characters.
    """
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return encoding
    return _ZEROS.get(tuple(not byte for byte in start[:4]))


class Transcoder:
    """Convert the pieces of a text in UTF-16 or UTF-32 to UTF-8."""

    def __init__(self, encoding: str, place: object) -> None:
        self.name, self.place = encoding.upper()[:6], place
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._started, self._converted = False, 0

    def convert(self, piece: bytes) -> bytes:
        """Return one piece in UTF-8; an incomplete character at its end is kept for the next piece.

        Raises
        ------
        PageError
            If the piece is not text in this encoding.
        """
        before = self._converted - self.rest
        try:
            text = self._decoder.decode(piece)
        except UnicodeDecodeError as error:
            shown = error.object[error.start : error.start + 4]
            raise PageError(
                f"{self.place}: invalid {self.name} at byte {before + error.start}: {shown!r}. The file was "
                "changed or is damaged. Save the response again."
            ) from error
        self._converted += len(piece)
        if not self._started and text:
            self._started, text = True, text.removeprefix("\ufeff")
        return text.encode()

    @property
    def rest(self) -> int:
        """Number of bytes of an incomplete character at the end."""
        return len(self._decoder.getstate()[0])
