"""Changes to a file that keep its form: a member of its JSON, or a cell of its table, becomes another."""

import json
import random
from copy import deepcopy

_VALUES = [
    *(None, True, False, 0, -1, 1, 2**31, 2**53, 2**63, -(2**63), 2**64, 10**400),
    *(0.5, -0.0, 1e-320, 1e308, -1e308, float("nan"), float("inf")),
    *("", "0", "1e5", " 7 ", "nan", "\u0661", "\ud800", "\x00", "a" * 300, "../..", "=1+1"),
    *([], [[]], {}, {"": None}, [0, 0], [0.1, 0.1, 0.1], [None]),
]
_CELLS = [
    *("", " ", "0", "-1", "1", "0.5", "-0", "1e5", "1e400", "nan", "inf", "-7,5", "9" * 25, "1_0", "0x1f"),
    *("None", "NULL", "true", "person", "\u0661", "2025-03-30T02:30:00", "=1+1"),
    *('"', "'", '"a\nb"', ",", ";", "\t", "\x00", "\ufeff"),
]


def mutate(content, seed, limit):
    """Change a few values of a file, at random; give None where it is neither JSON nor a table."""
    chance = random.Random(seed)
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    if text[:1] and text[0] < "\x20" and text[0] not in "\t\n":  # the byte that tells a tracker's format
        inner = mutate(content[1:], seed, limit - 1)
        return None if inner is None else content[:1] + inner
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return _table(text, chance, limit)
    if not isinstance(document, dict | list):
        return None
    for _ in range(chance.choice((1, 1, 1, 2, 5))):
        _change(document, chance)
    changed = json.dumps(document, indent=chance.choice((None, 1))).encode("utf-8", "surrogatepass")
    return changed if len(changed) <= limit else None


def _change(document, chance):
    """Change one member somewhere below: to another value or that of another, take it away, or double it."""
    holder, key = _somewhere(document, chance)
    if key is None:
        return
    way = chance.randrange(5)
    if way <= 1:
        holder[key] = deepcopy(chance.choice(_VALUES))
    elif way == 2:
        other, place = _somewhere(document, chance)
        if place is not None:
            holder[key] = deepcopy(other[place])
    elif way == 3:
        del holder[key]
    elif isinstance(holder, list):
        holder.insert(key, deepcopy(holder[key]))
    else:
        holder[chance.choice(("", "Timestamp", "Index", "name", key + "x"))] = deepcopy(holder[key])


def _somewhere(document, chance):
    """Give a container and a key in it, each depth as likely."""
    holder = document
    while True:
        keys = [*range(len(holder))] if isinstance(holder, list) else [*holder]
        if not keys:
            return holder, None
        key = chance.choice(keys)
        if not isinstance(holder[key], dict | list) or chance.random() < 0.3:
            return holder, key
        holder = holder[key]


def _table(text, chance, limit):
    """Change cells of a table, or lose, double or swap its lines."""
    rows = text.splitlines(keepends=True)
    if not rows:
        return None
    for _ in range(chance.choice((1, 1, 2, 5))):
        place = chance.randrange(len(rows))
        way = chance.randrange(6)
        if way <= 2:
            delimiter = next((sign for sign in "\t;, " if sign in rows[place]), ",")
            cells = rows[place].rstrip("\n").split(delimiter)
            cells[chance.randrange(len(cells))] = chance.choice(_CELLS)
            rows[place] = delimiter.join(cells) + "\n"
        elif way == 3:
            rows.insert(chance.randrange(len(rows)), rows[place])
        elif way == 4 and len(rows) > 1:
            del rows[place]
        else:
            rows[place] = rows[place].replace(
                chance.choice((",", "\n", "1")), chance.choice((";", "\r\n", "", ",,"))
            )
    changed = "".join(rows).encode("utf-8", "surrogatepass")
    return changed if len(changed) <= limit else None
