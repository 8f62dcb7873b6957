"""Scripts, styles and media inside a page."""

import json
import re
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from importlib.resources import files
from os import PathLike
from pathlib import Path
from typing import Any

from ptrack_analysis.errors import ParameterError

_IMPORT = re.compile(r'^import \{[^}]*\} from "(?:\./|\.\./shared/)\w+\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=const|let|async|function|class)", re.MULTILINE)
_COMMENT = re.compile(r"^\s*(?:/\*\*(?:[^*]|\*(?!/))*\*/|// .*)\n", re.MULTILINE)
_INDENT = re.compile(r"^ +", re.MULTILINE)


def asset(name: str) -> str:
    """Read a web file of the package, such as ``report.js``."""
    return files("ptrack_analysis.web").joinpath(name).read_text(encoding="utf-8")


def joined_script(parts: Sequence[str]) -> str:
    """Join modules to one without imports, comments and indentation, which exports what the last one exports.

    ``parts`` are names such as ``"shared/dom"``, each after the modules that it imports. They share one
    scope, so no two may declare the same name.
    """
    *others, last = (_shorten(asset(f"{part}.js")) for part in parts)
    return "".join([*(_EXPORT.sub("", other) for other in others), last])


def _shorten(source: str) -> str:
    return _INDENT.sub("", _COMMENT.sub("", _IMPORT.sub("", source)))


def inline_json(value: Any) -> str:
    r"""Write a value as JSON that may stand inside a ``<script type="application/json">``.

    ``<``, ``>`` and ``&`` are written as escapes, so that no name can end the element or begin a comment.
    Anything that JSON does not know, NaN among it, is refused with a ValueError or TypeError.

    Examples
    --------
    >>> inline_json({"name": "</script>"})
    '{"name":"\\u003c/script\\u003e"}'
    """
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def inline_script(source: str) -> str:
    """Make a script ready to stand inside a page: what would end its element is escaped.

    In a string or a regular expression, where alone such text occurs in our scripts, the escape means the
    same.
    """
    return source.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def content_policy(scripts: Sequence[str] = (), styles: Sequence[str] = (), *, media: bool = False) -> str:
    """Make the content security policy of a page that loads nothing and runs and shows only what it holds.

    Parameters
    ----------
    scripts, styles
        The whole text of each script and style element; they are allowed by their hash.
    media
        Whether pictures may also be blobs that the page makes, and videos played from there.
    """
    parts = ["default-src 'none'", f"img-src data:{' blob:' if media else ''}"]
    parts += [f"script-src {_hashes(scripts)}"] if scripts else []
    parts += [f"style-src {_hashes(styles)}"] if styles else []
    parts += ["media-src blob:"] if media else []
    return "; ".join([*parts, "base-uri 'none'", "form-action 'none'"])


def _hashes(texts: Sequence[str]) -> str:
    digests = (b64encode(sha256(text.encode("utf-8")).digest()).decode("ascii") for text in texts)
    return " ".join(f"'sha256-{digest}'" for digest in digests)


TYPES = {".mp4": "video/mp4", ".m4v": "video/mp4", ".webm": "video/webm", ".ogv": "video/ogg"}
"""What browsers play, by the suffix of its file."""
LARGEST = 100_000_000
"""Largest film that a page holds [bytes]."""


def embed_video_file(path: str | PathLike[str]) -> dict[str, Any]:
    """Read a film that a browser plays: its type, and its bytes in base64.

    Raises
    ------
    ParameterError
        If it is of another type, above 100 MB, or cannot be read.
    """
    file = Path(path)
    kind = TYPES.get(file.suffix.lower())
    if kind is None:
        raise ParameterError(
            f"{file}: no film that browsers play: its name ends in none of {', '.join(TYPES)}"
        )
    try:
        size = file.stat().st_size
        if size > LARGEST:
            raise ParameterError(
                f"{file}: has {size / 1e6:.0f} MB, and a page holds {LARGEST / 1e6:.0f} MB at most: shrink it"
            )
        content = file.read_bytes()
    except OSError as error:
        raise ParameterError(f"{file}: cannot be read: {error.strerror}") from error
    return {"type": kind, "data": b64encode(content).decode("ascii")}
