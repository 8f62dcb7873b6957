"""Pruning removes only videos that came from the same source, and says so first."""

import shutil

import boto3
import pandas as pd
import pytest
from buckets import BUCKET, content, put
from pages import page, record, write
from stored import assert_sound, contents, rows, videos

from ptrack_analysis import export_dataset, open_dataset
from ptrack_analysis.cli import main
from ptrack_analysis.dataset import export
from ptrack_analysis.errors import OutputError

WALK = [record(ms, 1, box=(0.2, 0.2, 0.1, 0.4)) for ms in range(0, 500, 100)]


def two_sources(tmp_path):
    """Export two sources to one dataset, and take a video away from each."""
    for name in "ab":
        for video in "xy":
            write(tmp_path / name / f"{name}{video}.json", page(*WALK, job=name + video))
        export_dataset(tmp_path / name, tmp_path / "out")
    for name in "ab":
        (tmp_path / name / f"{name}y.json").unlink()
    return tmp_path / "out"


def of_b(out):
    """Return the rows of the videos that source ``b`` wrote."""
    return {table: [row for row in found if '"video": "b' in row] for table, found in contents(out).items()}


def test_prune_removes_only_videos_of_the_same_source_and_says_so_before(tmp_path, capfd):
    out = two_sources(tmp_path)
    kept = of_b(out)
    assert main(["export", str(tmp_path / "a"), str(out), "--prune"]) == 0
    said = capfd.readouterr().err
    assert said.startswith(f"Removing from {out}: 'ay', which the source no longer contains\n")
    assert "prune keeps 'bx', 'by'" in said
    assert videos(out) == ["ax", "bx", "by"]
    assert not any('"ay"' in row for found in contents(out).values() for row in found)
    assert of_b(out) == kept
    assert_sound(out)


def test_what_is_pruned_is_said_before_it_is_removed(tmp_path, capfd, monkeypatch):
    out = two_sources(tmp_path)

    def stop(*_, **__):
        raise OutputError("stopped")

    monkeypatch.setattr(export, "commit", stop)
    with pytest.raises(OutputError, match="stopped"):
        export_dataset(tmp_path / "a", out, prune=True)
    assert "'ay'" in capfd.readouterr().err
    assert videos(out) == ["ax", "ay", "bx", "by"]


def test_videos_of_another_source_are_not_told_of_as_gone(tmp_path):
    out = two_sources(tmp_path)
    summary = export_dataset(tmp_path / "a", out)
    assert (summary.gone, summary.pruned) == (("ay",), False)
    assert not any("bx" in note for note in summary.warnings)
    assert videos(out) == ["ax", "ay", "bx", "by"]


def test_the_same_pages_in_another_folder_are_another_source(tmp_path):
    out = two_sources(tmp_path)
    (tmp_path / "a").rename(tmp_path / "moved")
    summary = export_dataset(tmp_path / "moved", out, prune=True)
    assert (summary.gone, videos(out)) == ((), ["ax", "ay", "bx", "by"])


def test_full_tables_of_another_source_are_not_kept_beside_withheld_ones(tmp_path):
    out = two_sources(tmp_path)
    before = content(out)
    with pytest.raises(
        OutputError, match="'ax', 'ay', 'bx' and 1 more were exported with another min_count or salt"
    ):
        export_dataset(tmp_path / "a", out, min_count=3, prune=True)
    assert content(out) == before


def test_a_batch_of_which_all_videos_are_pruned_leaves_no_file(tmp_path):
    out = tmp_path / "out"
    for name in ("x", "y"):
        write(tmp_path / "in" / f"{name}.json", page(*WALK, job=name))
        export_dataset(tmp_path / "in", out)
    before = rows(out, "detections")
    assert len([*(out / "detections").iterdir()]) == 2
    (tmp_path / "in/y.json").unlink()
    assert export_dataset(tmp_path / "in", out, prune=True).gone == ("y",)
    assert len([*(out / "detections").iterdir()]) == 1
    assert rows(out, "detections") == [row for row in before if '"video": "x"' in row]
    assert_sound(out)


def test_in_s3_videos_of_other_sources_stay(bucket, capfd):
    for name in ("monday", "tuesday"):
        for job in (name, f"{name}-2"):
            put(f"{name}/{job}x.json", *WALK, job=job)
        export_dataset(bucket / name, bucket / "out")
    for name in ("monday", "tuesday"):
        boto3.client("s3").delete_object(Bucket=BUCKET, Key=f"{name}/{name}x.json")
    export_dataset(bucket / "monday", bucket / "out", prune=True)
    assert "'mondayx'" in capfd.readouterr().err
    assert open_dataset(bucket / "out").videos == ["monday-2x", "tuesday-2x", "tuesdayx"]


def test_a_damaged_file_does_not_prune_the_rows_of_its_video(data, tmp_path):
    source, out = tmp_path / "pages", tmp_path / "out"
    source.mkdir()
    for file in sorted((data / "week" / "pages").iterdir())[:2]:
        shutil.copy(file, source)
    export_dataset(source, out, tables="tracks")
    before = open_dataset(out).read("tracks")
    victim = min(source.iterdir())
    victim.write_bytes(victim.read_bytes()[: victim.stat().st_size // 2])
    summary = export_dataset(source, out, tables="tracks", prune=True)
    assert [video.status for video in summary.videos] == ["failed", "unchanged"]
    assert not summary.gone
    pd.testing.assert_frame_equal(open_dataset(out).read("tracks"), before)


def test_most_videos_of_a_source_are_pruned_only_if_this_is_asked_for(tmp_path, capsys):
    pages, out = tmp_path / "in", tmp_path / "out"
    for name in "abcde":
        write(pages / f"{name}.json", page(*WALK, job=name))
    write(tmp_path / "other/z.json", page(*WALK, job="z"))
    export_dataset(pages, out)
    export_dataset(tmp_path / "other", out)
    for name in "abc":
        (pages / f"{name}.json").unlink()
    before = content(out)
    assert main(["export", str(pages), str(out), "--prune"]) == 3
    assert capsys.readouterr().err == (
        f"ptrack: {pages}: prune (--prune) would remove 3 of the 5 videos that were exported from this "
        'source. Check that the source is complete. To remove them, pass prune="all" (--prune-all).\n'
    )
    assert content(out) == before
    assert main(["export", str(pages), str(out), "--prune-all"]) == 0
    assert videos(out) == ["d", "e", "z"]


def test_results_of_zones_are_removed_only_after_a_sentence(tmp_path, monkeypatch, capfd):
    pages, out = tmp_path / "in", tmp_path / "out"
    for name in "ab":
        write(pages / f"{name}.json", page(*WALK, job=name))
    ring = [[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]
    drawn = {"type": "Feature", "properties": {"name": "all", "video": "a"}}
    drawn |= {"geometry": {"type": "Polygon", "coordinates": [ring]}}
    drawn = {"type": "FeatureCollection", "unit": "fraction", "features": [drawn]}
    export_dataset(pages, out, zones=write(tmp_path / "zones.json", drawn))

    def stop(*_, **__):
        raise OutputError("stopped")

    monkeypatch.setattr(export, "commit", stop)
    capfd.readouterr()
    with pytest.raises(OutputError, match="stopped"):
        export_dataset(pages, out)
    assert capfd.readouterr().err == (
        f"Removing from {out}: visits, crossings and other results of zones and lines of 'a', because this "
        "run has no zones and lines for them (zones, --zones)\n"
    )
