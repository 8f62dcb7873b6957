"""The memory that a large video takes is bounded, and does not grow with the video."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

_PERSONS, _STAY, _STEP, _PAGE = 20, 900, 66, 1000
_FACTS = '"VideoMetadata":{"FrameRate":30.0,"FrameHeight":1080,"FrameWidth":1920}'
SORT = 300
"""What the sort may take, which two million detections do not fill [MiB]."""
_EXPORT = """
import resource, sys
from ptrack_analysis import export_dataset
summary = export_dataset(sys.argv[1], sys.argv[2])
assert [video.status for video in summary.videos] == ["written"], summary
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def archive(folder, detections):
    """Write pages of a video in which 20 persons are there at each moment, each of them for a minute."""
    folder.mkdir()
    random = np.random.default_rng(1)
    pages, lines = 0, []
    for moment in range(detections // _PERSONS):
        persons = moment // _STAY * _PERSONS
        places = random.random((_PERSONS, 2)).tolist()
        lines += [
            f'{{"Timestamp":{moment * _STEP},"Person":{{"BoundingBox":{{"Width":0.05,"Height":0.25,'
            f'"Left":{x * 0.9:.9f},"Top":{y * 0.7:.9f}}},"Index":{persons + number}}}}}'
            for number, (x, y) in enumerate(places)
        ]
        if len(lines) == _PAGE:
            pages += 1
            token = f'"NextToken":"{pages}",' if pages * _PAGE < detections else ""
            content = f'{{"JobStatus":"SUCCEEDED",{token}{_FACTS},"Persons":[{",".join(lines)}]}}'
            (folder / f"page-{pages}.json").write_text(content)
            lines = []


def peak(detections, tmp_path):
    """Export a video of so many detections in a process of its own; give its peak of memory [MiB]."""
    source = tmp_path / f"pages-{detections}"
    archive(source, detections)
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(Path(__file__).parent.parent)}
    run = subprocess.run(
        [sys.executable, "-c", _EXPORT, str(source), str(tmp_path / f"out-{detections}")],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=900,
    )
    return float(run.stdout)


@pytest.mark.slow
def test_ten_million_detections_take_hardly_more_memory_than_two_million(tmp_path):
    two, ten = peak(2_000_000, tmp_path), peak(10_000_000, tmp_path)
    assert ten < 1500
    assert ten < two + SORT, (two, ten)
