"""Random changes that keep the form of a file: members of JSON, cells of a table, attributes of XML."""

import json
import random
import re
from copy import deepcopy

HEADER = b"\x01"
"""The first byte of a line before the content of a file: its format, or another choice of a target."""
_VALUES = [
    *(None, True, False, 0, -1, 1, 2**31, 2**53, 2**63, -(2**63), 2**64, 10**400),
    *(0.5, -0.0, 1e-320, 1e308, -1e308, float("nan"), float("inf")),
    *("", "0", "1e5", " 7 ", "nan", "\u0661", "\ud800", "\x00", "a" * 300, "../..", "=1+1", "9" * 5000),
    *([], [[]], {}, {"": None}, [0, 0], [0.1, 0.1, 0.1], [None]),
]
_CELLS = [
    *("", " ", "0", "-1", "1", "0.5", "-0", "1e5", "1e400", "nan", "inf", "-7,5", "9" * 25, "1_0", "0x1f"),
    *("None", "NULL", "true", "person", "\u0661", "2025-03-30T02:30:00", "=1+1", "9" * 5000, "[]", "{}"),
    *('"', "'", '"a\nb"', ",", ";", "\t", "\x00", "\ufeff"),
]
_TOKENS = re.compile(r"(\w+)")
_TAGS = re.compile(r"(<[^>]*>)")
_ATTRIBUTES = re.compile(r'[^\s"=]+="[^"]*"')


def mutate(content, seed, limit, words=()):
    """Change a few values of a file at random; ``words`` are values that mean something to its reader.

    None for content that is not text, or too long after the change.
    """
    chance = random.Random(seed)
    head, body = split_header(content)
    if head is not None and words and chance.random() < 0.05:
        head = str(chance.choice(words)).encode("utf-8", "surrogatepass")
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    changed = _change_text(text, chance, words)
    if changed is None:
        return None
    start = b"" if head is None else HEADER + head.replace(b"\n", b" ") + b"\n"
    made = start + changed.encode("utf-8", "surrogatepass")
    return made if len(made) <= limit else None


def split_header(content):
    """Split content into the line before the content of the file, or None, and the content of the file."""
    if not content.startswith(HEADER):
        return None, content
    head, _, body = content[1:].partition(b"\n")
    return head, body


def _change_text(text, chance, words):
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        is_xml = text.lstrip().startswith("<")
        return (_change_tags if is_xml else _change_lines)(text, chance, [*_CELLS, *map(str, words)])
    if not isinstance(document, dict | list):
        return None
    for _ in range(chance.choice((1, 1, 1, 2, 5))):
        _change_member(document, chance, words)
    return json.dumps(document, indent=chance.choice((None, 1)))


def _change_member(document, chance, words):
    """Replace, remove or duplicate one member at any depth."""
    holder, key = _choose_member(document, chance)
    if key is None:
        return
    way = chance.randrange(7)
    if way <= 1:
        holder[key] = deepcopy(chance.choice(_VALUES))
    elif way == 2 and words:
        holder[key] = deepcopy(chance.choice(words))
    elif way == 3:
        other, place = _choose_member(document, chance)
        if place is not None:
            holder[key] = deepcopy(other[place])
    elif way == 4:
        del holder[key]
    elif way == 5 and isinstance(holder[key], str):
        holder[key] = _change_token(holder[key], chance, [*_CELLS, *map(str, words)])
    elif isinstance(holder, list):
        holder.insert(key, deepcopy(holder[key]))
    else:
        names = ["", "Timestamp", "Index", "name", key + "x", *(word for word in words if type(word) is str)]
        holder[chance.choice(names)] = deepcopy(holder[key])


def _choose_member(document, chance):
    """Return a container and one of its keys; each depth is equally likely."""
    holder = document
    while True:
        keys = [*range(len(holder))] if isinstance(holder, list) else [*holder]
        if not keys:
            return holder, None
        key = chance.choice(keys)
        if not isinstance(holder[key], dict | list) or chance.random() < 0.3:
            return holder, key
        holder = holder[key]


def _change_token(text, chance, cells):
    """Replace one word or number of a text."""
    parts = _TOKENS.split(text)
    place = chance.randrange(len(parts))
    parts[place] = chance.choice(cells)
    return "".join(parts)


def _change_lines(text, chance, cells):
    """Change cells of a table, or remove, duplicate or move its lines."""
    rows = text.splitlines(keepends=True)
    if not rows:
        return None
    for _ in range(chance.choice((1, 1, 2, 5))):
        place = chance.randrange(len(rows))
        way = chance.randrange(7)
        if way <= 2:
            delimiter = next((sign for sign in "\t;, " if sign in rows[place]), ",")
            row = rows[place].rstrip("\n").split(delimiter)
            row[chance.randrange(len(row))] = chance.choice(cells)
            rows[place] = delimiter.join(row) + "\n"
        elif way == 3:
            rows.insert(chance.randrange(len(rows)), rows[place])
        elif way == 4 and len(rows) > 1:
            del rows[place]
        elif way == 5:
            rows[place] = _change_token(rows[place], chance, cells)
        else:
            rows[place] = rows[place].replace(
                chance.choice((",", "\n", "1")), chance.choice((";", "\r\n", "", ",,"))
            )
    return "".join(rows)


def _change_tags(text, chance, cells):
    """Change attributes or text of XML, or remove, duplicate or move its tags."""
    parts = [part for part in _TAGS.split(text) if part]
    for _ in range(chance.choice((1, 1, 2, 5))):
        place = chance.randrange(len(parts))
        way = chance.randrange(6)
        attributes = _ATTRIBUTES.findall(parts[place])
        if way <= 2 and attributes:
            old = chance.choice(attributes)
            name, _, _ = old.partition("=")
            new = ("", f'{name}="{chance.choice(cells)}"', f'{chance.choice(cells)}="1"')[way]
            parts[place] = parts[place].replace(old, new, 1)
        elif way == 3:
            parts.insert(chance.randrange(len(parts)), parts[place])
        elif way == 4 and len(parts) > 1:
            del parts[place]
        else:
            parts[place] = _change_token(parts[place], chance, cells)
    return "".join(parts)
