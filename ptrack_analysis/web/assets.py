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
    """Join modules to one module without imports, comments and indentation.

    ``parts`` are names such as ``"shared/dom"``, each after the modules that it imports. They share one
    scope, so no two may declare the same name. The result has the exports of the last module.
    """
    *others, last = (_shorten(asset(f"{part}.js")) for part in parts)
    return "".join([*(_EXPORT.sub("", other) for other in others), last])


def _shorten(source: str) -> str:
    return _INDENT.sub("", _COMMENT.sub("", _IMPORT.sub("", source)))


def inline_json(value: Any) -> str:
    r"""Write a value as JSON for a ``<script type="application/json">``.

    ``<``, ``>`` and ``&`` are escaped, so that no name can end the element or start a comment. NaN and other
    values that JSON does not have raise ValueError or TypeError.

    Examples
    --------
    >>> inline_json({"name": "</script>"})
    '{"name":"\\u003c/script\\u003e"}'
    """
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def inline_script(source: str) -> str:
    """Escape text that would end the script element in a page.

    Our scripts have such text in strings and regular expressions only, where the escape has the same meaning.
    """
    return source.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def content_policy(scripts: Sequence[str] = (), styles: Sequence[str] = (), *, media: bool = False) -> str:
    """Build the content security policy of a page that loads nothing from the network.

    Parameters
    ----------
    scripts, styles
        The complete text of each script and style element, which the policy allows by hash.
    media
        Whether images and videos may also be blobs of the page.
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
"""Types of the video files that browsers play, by suffix."""
LARGEST = 100_000_000
"""Largest video file in a page [bytes]."""


def embed_video_file(path: str | PathLike[str]) -> dict[str, Any]:
    """Read a video file that browsers play: its type, and its bytes in base64.

    Raises
    ------
    ParameterError
        If the file has another type, is larger than 100 MB, or cannot be read.
    """
    file = Path(path)
    kind = TYPES.get(file.suffix.lower())
    if kind is None:
        raise ParameterError(
            f"{file}: browsers do not play this type. Convert it to one of {', '.join(TYPES)}."
        )
    try:
        size = file.stat().st_size
        if size > LARGEST:
            raise ParameterError(
                f"{file}: video_file must have at most {LARGEST / 1e6:.0f} MB, got {size / 1e6:.0f} MB. "
                "Reduce its resolution or bit rate."
            )
        content = file.read_bytes()
    except OSError as error:
        raise ParameterError(f"{file}: cannot be read: {error.strerror}") from error
    return {"type": kind, "data": b64encode(content).decode("ascii")}
