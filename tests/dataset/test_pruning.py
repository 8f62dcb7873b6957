"""Pruning removes only videos that came from the same source, and says so first."""

import boto3
import pytest
from buckets import BUCKET, content, objects, put
from pages import page, record, write

from ptrack_analysis import export_dataset
from ptrack_analysis.cli import main
from ptrack_analysis.errors import OutputError

WALK = [record(ms, 1, box=(0.2, 0.2, 0.1, 0.4)) for ms in range(0, 500, 100)]


def two_sources(tmp_path):
    """Export two sources to one dataset, and take a video away from each."""
    for name in "ab":
        for video in "xy":
            write(tmp_path / name / f"{name}{video}.json", page(*WALK, job=name + video))
        export_dataset(tmp_path / name, tmp_path / "out", csv=True)
    for name in "ab":
        (tmp_path / name / f"{name}y.json").unlink()
    return tmp_path / "out"


def test_prune_removes_only_videos_of_the_same_source_and_says_so_before(tmp_path, capfd):
    out = two_sources(tmp_path)
    kept = {name: one for name, one in content(out).items() if "bx" in name or "by" in name}
    assert main(["export", str(tmp_path / "a"), str(out), "--csv", "--prune"]) == 0
    said = capfd.readouterr().err
    assert said.index(f"Removing from {out}: 'ay', which the source no longer has\n") < said.index("removed")
    assert "prune keeps 'bx', 'by'" in said
    assert not [name for name in content(out) if "ay." in name]
    assert {name: one for name, one in content(out).items() if "bx" in name or "by" in name} == kept


def test_what_is_pruned_is_said_before_it_is_removed(tmp_path, capfd, monkeypatch):
    out = two_sources(tmp_path)

    def stop(*_):
        raise OutputError("stopped")

    monkeypatch.setattr("ptrack_analysis.dataset.placing.remove_written", stop)
    with pytest.raises(OutputError, match="stopped"):
        export_dataset(tmp_path / "a", out, csv=True, prune=True)
    assert "'ay'" in capfd.readouterr().err
    assert (out / "_runs/ay.json").exists()


def test_videos_of_another_source_are_not_told_of_as_gone(tmp_path):
    out = two_sources(tmp_path)
    summary = export_dataset(tmp_path / "a", out, csv=True)
    assert summary.gone == ("ay",)
    assert not any("bx" in note for note in summary.warnings)


def test_a_video_whose_source_is_not_known_is_not_pruned(tmp_path):
    out = two_sources(tmp_path)
    (out / ".ptrack/seen/ay.json").unlink()
    summary = export_dataset(tmp_path / "a", out, csv=True, prune=True)
    assert (summary.gone, (out / "_runs/ay.json").exists()) == ((), True)


def test_full_tables_of_another_source_are_not_kept_beside_withheld_ones(tmp_path):
    out = two_sources(tmp_path)
    before = content(out)
    with pytest.raises(OutputError, match="holds 'bx', 'by' from another source"):
        export_dataset(tmp_path / "a", out, csv=True, min_count=3, prune=True)
    assert content(out) == before


def test_in_s3_videos_of_other_sources_stay(bucket, capfd):
    for name in ("monday", "tuesday"):
        for job in (name, f"{name}-2"):
            put(f"{name}/{job}x.json", *WALK, job=job)
        export_dataset(bucket / name, bucket / "out")
    for name in ("monday", "tuesday"):
        boto3.client("s3").delete_object(Bucket=BUCKET, Key=f"{name}/{name}x.json")
    export_dataset(bucket / "monday", bucket / "out", prune=True)
    assert "'mondayx'" in capfd.readouterr().err
    left = {key.rpartition("/")[2] for key in objects("out/_runs/")}
    assert left == {"monday-2x.json", "tuesday-2x.json", "tuesdayx.json"}
