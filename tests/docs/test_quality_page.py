"""The page on quality lists each check with its thresholds."""

import re
from pathlib import Path

from ptrack_analysis.analysis.quality.checks import CHECKS

PAGE = Path(__file__).parents[2] / "docs" / "quality.md"


def test_page_has_the_thresholds_of_each_check():
    rows = re.findall(
        r"^\| `([^`]+)` \|[^|]*\| ([\d.]+) [^|]*\| ([\d.]+) [^|]*\|", PAGE.read_text(), re.MULTILINE
    )
    shown = {name: (float(doubtful), float(bad)) for name, doubtful, bad in rows}
    assert shown == {name: (check.doubtful, check.bad) for name, check in CHECKS.items()}
