"""A video that does not fit into memory is refused before it is analyzed, with the way out."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pages import page, record, write

from ptrack_analysis import Video, export_dataset, limits
from ptrack_analysis.cli.main import main
from ptrack_analysis.errors import InputError, ParameterError
from ptrack_analysis.limits import available_memory, memory_for, shown_bytes
from ptrack_analysis.pipeline import video_analysis
from ptrack_analysis.pipeline.config import AnalysisConfig
from ptrack_analysis.pipeline.video_analysis import VideoAnalysis
from ptrack_analysis.sources.pages import job

ROOT = Path(__file__).parent.parent.parent
_EXPORT = """
import resource, sys
from ptrack_analysis import export_dataset
summary = export_dataset(sys.argv[1], sys.argv[2])
assert [video.status for video in summary.videos] == ["written"], summary
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


@pytest.fixture
def pages(tmp_path):
    """Make a video of 5000 detections in five pages, one every 100 ms."""
    for number in range(5):
        records = [record(100 * n, n % 7) for n in range(1000 * number, 1000 * number + 1000)]
        facts = {"FrameRate": 10.0, "FrameHeight": 360, "FrameWidth": 640, "DurationMillis": 500_000}
        token = "more" if number < 4 else None
        write(tmp_path / "pages" / f"page-{number}.json", page(*records, token=token, VideoMetadata=facts))
    return tmp_path / "pages"


def test_a_video_that_needs_more_memory_is_refused_before_all_of_it_is_read(pages, monkeypatch):
    read = []
    build_page_rows = job.build_page_rows
    monkeypatch.setattr(
        job, "build_page_rows", lambda *given, **more: read.append(1) or build_page_rows(*given, **more)
    )
    monkeypatch.setattr(video_analysis, "compute_trajectories", None)
    with pytest.raises(
        InputError, match=r"needs more than 1\.4MB .* but 1MB may be used\. Analyze it in parts"
    ):
        _ = VideoAnalysis(pages, AnalysisConfig(memory="1MB")).trajectories
    assert len(read) == 3


@pytest.mark.parametrize("command", ["export", "summary", "report", "plot"])
def test_each_command_refuses_it_with_exit_3_and_does_a_part(command, pages, tmp_path, capfd):
    call = {
        "export": ["export", str(pages), str(tmp_path / "out")],
        "summary": ["summary", str(pages)],
        "report": ["report", str(pages), "-o", str(tmp_path / "r.html")],
        "plot": ["plot", "occupancy", str(pages), "-o", str(tmp_path / "o.png")],
    }[command]
    assert main([*call, "--memory", "1MB"]) == 3
    said = capfd.readouterr().err
    assert "(--from, --to)" in said
    assert "(--memory)" in said
    assert main([*call, "--memory", "1MB", "--from", "100s", "--to", "120s"]) == 0
    assert main([*call, "--memory", "3MB"]) == 0


def test_a_part_that_is_cleaned_needs_the_whole_video_and_the_message_says_so(pages):
    asked = AnalysisConfig(memory="1MB", start="100s", end="120s", smooth="500ms")
    with pytest.raises(InputError, match="without stitch, fill_gaps, smooth and repair_jumps"):
        _ = VideoAnalysis(pages, asked).trajectories


def test_a_file_of_another_tracker_is_refused_too(tmp_path):
    lines = [f"{frame},1,10,10,20,40,1,-1,-1,-1" for frame in range(1, 5001)]
    write(tmp_path / "gt.txt", "\n".join(lines) + "\n")
    asked = AnalysisConfig(memory="1MB", video=Video(width=640, height=360, frame_rate=10.0))
    with pytest.raises(InputError, match="5000 rows"):
        _ = VideoAnalysis(tmp_path / "gt.txt", asked).trajectories


def test_the_default_is_three_quarters_of_what_is_available_shared_by_the_workers(
    monkeypatch, pages, tmp_path
):
    monkeypatch.setattr(limits, "available_memory", lambda: 8_000_000)
    assert AnalysisConfig().memory_bytes == 6_000_000
    assert memory_for(3) == 2_000_000
    monkeypatch.setattr(limits, "available_memory", lambda: None)
    assert AnalysisConfig().memory_bytes is None
    assert len(VideoAnalysis(pages).trajectories)
    monkeypatch.setattr(limits, "available_memory", lambda: 3_000_000)
    assert export_dataset(pages, tmp_path / "one", workers=1).videos[0].status == "written"
    (video,) = export_dataset(pages, tmp_path / "two", workers=2).videos
    assert "but 1.1MB may be used" in str(video.error)


@pytest.mark.parametrize("text", ["much", "", "-1GB", "10kB", 5, True, float("nan"), float("inf")])
def test_what_is_no_memory_is_refused_with_what_was_expected(text):
    with pytest.raises(ParameterError, match=r"memory must be at least 1MB, .* got"):
        AnalysisConfig(memory=text)


def test_the_memory_changes_no_record():
    assert (
        AnalysisConfig(memory="1MB").parameters()
        == AnalysisConfig(memory="2GB").parameters()
        == AnalysisConfig().parameters()
    )


def test_the_lowest_limit_of_system_and_control_groups_counts(tmp_path):
    assert available_memory(tmp_path) is None
    write(tmp_path / "proc/meminfo", "MemTotal: 90 kB\nMemAvailable:      64 kB\n")
    write(tmp_path / "proc/self/cgroup", "0::/user/job\n")
    assert available_memory(tmp_path) == 65_536
    write(tmp_path / "sys/fs/cgroup/user/job/memory.max", "max\n")
    write(tmp_path / "sys/fs/cgroup/user/memory.max", "50000\n")
    assert available_memory(tmp_path) == 50_000
    write(tmp_path / "sys/fs/cgroup/memory.max", "40000\n")
    assert available_memory(tmp_path) == 40_000


def test_control_groups_of_the_first_version_count(tmp_path):
    write(tmp_path / "proc/meminfo", "MemAvailable: 64 kB\n")
    write(tmp_path / "proc/self/cgroup", "5:cpu:/a\n4:memory:/docker/x\n")
    write(tmp_path / "sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n")
    assert available_memory(tmp_path) == 65_536
    write(tmp_path / "sys/fs/cgroup/memory/docker/x/memory.limit_in_bytes", "1000\n")
    assert available_memory(tmp_path) == 1000


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0B"), (99, "99B"), (1234, "1.2KB"), (3_160_000_000, "3.2GB"), (10**12, "1TB")]
)
def test_an_amount_of_bytes_is_shown_with_two_digits(size, text):
    assert shown_bytes(size) == text


def archive(folder, detections):
    """Write pages of a video with 20 persons at each moment, each of them for a minute."""
    random = np.random.default_rng(1)
    for number in range(detections // 1000):
        moments = range(50 * number, 50 * number + 50)
        records = [
            record(
                66 * moment, moment // 900 * 20 + person, box=(*(random.random(2) * 0.7).tolist(), 0.05, 0.25)
            )
            for moment in moments
            for person in range(20)
        ]
        facts = {"FrameRate": 30.0, "FrameHeight": 1080, "FrameWidth": 1920}
        token = "more" if (number + 1) * 1000 < detections else None
        write(folder / f"page-{number}.json", page(*records, token=token, VideoMetadata=facts))


def peak(folder, detections):
    """Export a video of so many detections in a process of its own; give its peak of memory [MiB]."""
    archive(folder / f"pages-{detections}", detections)
    command = [sys.executable, "-c", _EXPORT, folder / f"pages-{detections}", folder / f"out-{detections}"]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600, cwd=ROOT)
    return float(run.stdout)


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ru_maxrss is in KiB on Linux")
def test_a_million_detections_take_no_more_than_what_is_reckoned(tmp_path):
    few, many = peak(tmp_path, 300_000), peak(tmp_path, 1_200_000)
    assert (many - few) * 2**20 / 900_000 < video_analysis.ROW_BYTES
