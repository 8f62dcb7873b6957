"""Whole archives as hypothesis thinks of them: records, any split into pages, any shape of saving them."""

import gzip
import json

from hypothesis import strategies as st
from pages import FACE, METADATA, page, record

FETCH_STATE = "fetch.json"
_FACTS = METADATA | {"DurationMillis": 5000}
_SIDES = st.floats(-0.2, 1.2).map(lambda value: round(value, 6))
_SIZES = st.floats(0.01, 0.5).map(lambda value: round(value, 6))
_BOXES = st.one_of(st.none(), st.tuples(_SIDES, _SIDES, _SIZES, _SIZES))


@st.composite
def records(draw):
    """Draw the records of a video: each person at most once a moment, sorted as the API sends them."""
    keys = draw(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 5)), unique=True, max_size=40))
    made = []
    for step, person in sorted(keys):
        box = draw(_BOXES)
        face = FACE if box is None or draw(st.booleans()) else None
        made.append(record(67 * step, person, box=box, face=face))
    return made


def split(draw, made):
    """Cut records into pages, chained by tokens."""
    cuts = sorted(draw(st.lists(st.integers(0, len(made)), max_size=4)))
    parts = [made[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(made)], strict=True)]
    tokens = [f"token-{number}" for number in range(len(parts) - 1)] + [None]
    return [page(*part, token=token, VideoMetadata=_FACTS) for part, token in zip(parts, tokens, strict=True)]


def _lines(documents):
    return "".join(json.dumps(document) + "\n" for document in documents)


def as_texts(value):
    """Turn every float into a text, as one service stored them."""
    if isinstance(value, dict):
        return {name: as_texts(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [as_texts(inner) for inner in value]
    return str(value) if isinstance(value, float) else value


SHAPES = {
    "a file each": lambda pages: {f"p-{n:02}.json": json.dumps(one) for n, one in enumerate(pages)},
    "pretty-printed": lambda pages: {
        f"p-{n:02}.json": json.dumps(one, indent=2) for n, one in enumerate(pages)
    },
    "numbered from 1": lambda pages: {f"p-{n}.json": json.dumps(one) for n, one in enumerate(pages, 1)},
    "fetched": lambda pages: {
        **{f"{n:06}.json": json.dumps(one) for n, one in enumerate(pages, 1)},
        FETCH_STATE: json.dumps({"ptrack_fetch": 1, "pages": len(pages), "complete": True}),
    },
    "one after another": lambda pages: {"all.json": "\n".join(json.dumps(one, indent=1) for one in pages)},
    "a list": lambda pages: {"all.json": json.dumps(pages)},
    "JSON Lines": lambda pages: {"all.jsonl": _lines(pages)},
    "gzip": lambda pages: {
        f"p-{n:02}.json.gz": gzip.compress(json.dumps(one).encode()) for n, one in enumerate(pages)
    },
    "texts": lambda pages: {f"p-{n:02}.json": json.dumps(as_texts(one)) for n, one in enumerate(pages)},
    "wrapped": lambda pages: {
        "all.json": json.dumps(
            {"status": "succeeded", "original_response": pages, "standardized_response": {}}
        )
    },
    "merged": lambda pages: {
        "all.json": json.dumps(
            {
                "VideoMetadata": _FACTS,
                "JobId": "job-1",
                "Persons": [one for each in pages for one in each["Persons"]],
            }
        )
    },
}


@st.composite
def archives(draw):
    """Draw the records of a video, and the files of two archives that both hold them."""
    made = draw(records())
    ways = [(split(draw, made), draw(st.sampled_from([*SHAPES]))) for _ in range(2)]
    return made, [SHAPES[shape](pages) for pages, shape in ways]
