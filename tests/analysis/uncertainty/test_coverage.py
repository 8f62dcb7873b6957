"""Confidence intervals contain the truth as often as they say, and p-values err as rarely."""

import re
from pathlib import Path

import covering
import pytest

pytestmark = pytest.mark.slow
DOCUMENT = Path(__file__).parents[3] / "docs" / "coverage.md"


@pytest.fixture(scope="module")
def tables():
    return covering.measure()


def column(tables, title, name, **only):
    """Give the values of a column, of the rows whose other columns have these values."""
    headings, rows, _ = tables[title]
    rows = [row for row in rows if all(row[headings.index(key)] == value for key, value in only.items())]
    return [value for row in rows if (value := row[headings.index(name)]) is not None]


def test_intervals_of_dwell_contain_the_truth(tables):
    for people in (20, 50, 100):
        assert all(0.93 <= share <= 0.975 for share in column(tables, "Dwell", "median", people=people))
        least = 0.91 if people == 20 else 0.93
        assert min(column(tables, "Dwell", "share within 20 s", people=people)) >= least
        least = 0.90 if people == 20 else 0.92
        for name in ("restricted mean", "mean", "visits per person"):
            assert min(column(tables, "Dwell", name, people=people)) >= least
    assert min(column(tables, "Dwell", "median")) >= 0.93
    assert min(column(tables, "Dwell", "mean", people=10)) >= 0.88


def test_intervals_of_a_difference_contain_no_difference(tables):
    for people in (20, 50, 100):
        for name in covering.TRUTH:
            assert min(column(tables, "Differences", name, people=people)) >= 0.93


def test_intervals_of_counts_contain_the_truth(tables):
    assert min(column(tables, "Counts", "singles")) >= 0.95
    for name in ("pairs", "triples", "mixed, 1 to 3"):
        assert min(column(tables, "Counts", name)) >= 0.93
    assert min(column(tables, "Days", "days alike")) >= 0.95
    assert min(column(tables, "Days", "days differ by 20 %")) >= 0.93


def test_whole_groups_are_found_different_as_rarely_as_said(tables):
    assert all(0.03 <= share <= 0.07 for share in column(tables, "Heatmaps", "groups given"))
    together = [name for name in covering.SIZES if name != "singles"]
    for name in together:
        (by_person,) = column(tables, "Heatmaps", "by person", **{"people come as": name})
        (detected,) = column(tables, "Heatmaps", "groups detected (70 % found)", **{"people come as": name})
        assert 0.31 <= by_person <= 0.85
        assert 0.09 <= detected <= 0.17


def test_the_document_has_these_figures(tables):
    def without_times(text):
        return re.sub(r"CPU time: \d+ s", "", text)

    assert without_times(DOCUMENT.read_text(encoding="utf-8")) == without_times(covering.write(tables))
