"""Scripts and data as a self-contained page holds them."""

import json
import re
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from importlib.resources import files
from typing import Any

_IMPORT = re.compile(r'^import \{[^}]*\} from "\./\w+\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=const|let|async|function|class)", re.MULTILINE)


def asset(name: str) -> str:
    """Read one of the package's own web files, such as ``report.js``."""
    return files("ptrack_analysis.web").joinpath(name).read_text(encoding="utf-8")


def joined_script(folder: str, parts: Sequence[str]) -> str:
    """Join modules to one that asks for no other; it exports what the last of them does.

    They come to share one scope, so no two may declare the same name; a module that uses another as soon as
    it is loaded must stand after it.
    """
    *others, last = (_IMPORT.sub("", asset(f"{folder}/{part}.js")) for part in parts)
    return "\n".join([*(_EXPORT.sub("", other) for other in others), last])


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
