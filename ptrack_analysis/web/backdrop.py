"""The picture behind the explorer: made smaller, embedded."""

from base64 import b64encode
from dataclasses import dataclass
from io import BytesIO

from ptrack_analysis.scene.images import Picture, read_picture

_LONGEST = 1920
_QUALITY = 85


@dataclass(frozen=True, slots=True)
class Backdrop:
    """A picture as a page holds it: a ``data:`` address, and the size of the picture it was made from."""

    address: str
    width: int
    height: int


def embedded_backdrop(picture: Picture) -> Backdrop:
    """Read a picture and make it part of a page, as JPEG with its longer side at most 1920 px.

    ``picture`` is what ``read_picture`` takes, and its errors are this function's. What else the file holds
    (place, camera) is left out.
    """
    image = read_picture(picture)
    width, height = image.size
    image.thumbnail((_LONGEST, _LONGEST))
    stream = BytesIO()
    image.save(stream, "JPEG", quality=_QUALITY, optimize=True)
    return Backdrop(f"data:image/jpeg;base64,{b64encode(stream.getvalue()).decode('ascii')}", width, height)
