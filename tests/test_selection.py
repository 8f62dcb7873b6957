"""Selectors of videos, compared one by one and through their index."""

import pytest

from ptrack_analysis.scene.selection import Selector, SelectorIndex, VideoKeys

SELECTORS = [
    Selector(video=("a",)),
    Selector(video=("A*",)),
    Selector(files=("2026/a/page-1.json",)),
    Selector(files=("*/a/*", "b")),
    Selector(files=("[ab]",)),
    Selector(job_id=("j-1", "j-2")),
    Selector(job_id=("j-?",), job_tag=("front",)),
    Selector(video_uri=("s3://films/*",)),
    Selector(video_uri=("film.mp4",)),
    Selector(),
]
VIDEOS = [
    VideoKeys("a", ("2026/a/page-1", "a"), ("2026/a/page-1.json",), "j-1", "front", "s3://films/x/film.mp4"),
    VideoKeys("B", ("b",), ("b.json",), "j-2"),
    VideoKeys("c"),
]


@pytest.mark.parametrize(("keys", "fitting"), [*zip(VIDEOS, ([*range(10)], [3, 4, 5, 9], [9]), strict=True)])
def test_the_index_finds_the_selectors_that_fit(keys, fitting):
    assert SelectorIndex(SELECTORS).find(keys) == fitting
    assert [number for number, one in enumerate(SELECTORS) if one.fits(keys)] == fitting


def test_a_selector_describes_itself():
    assert str(Selector(files=("a*", "b"), job_tag=("front",))) == "files 'a*' or 'b' and job_tag 'front'"
