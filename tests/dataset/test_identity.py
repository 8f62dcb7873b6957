"""A video of a dataset is replaced by itself only."""

import shutil

import pytest
from buckets import BUCKET, content, objects, put
from pages import page, record, write

from ptrack_analysis import export_dataset
from ptrack_analysis.cli import main
from ptrack_analysis.datasets import compact_dataset
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.video import Video

WALK = [record(ms, 1, box=(0.2, 0.2, 0.1, 0.4)) for ms in range(0, 500, 100)]
LATER = [record(ms, 1, box=(0.4, 0.2, 0.1, 0.4)) for ms in range(500, 900, 100)]
OTHER = [record(ms, 2, box=(0.6, 0.2, 0.1, 0.4)) for ms in range(0, 900, 100)]


def night(folder, *records, job=None):
    """Save a night as pages, all nights under the same name; give its folder."""
    write(folder / "cam.json", page(*records, job=job, JobStatus="SUCCEEDED" if job else None))
    return folder


@pytest.mark.parametrize("jobs", [("a", "b"), (None, None), ("a", None)], ids=["jobs", "none", "one"])
def test_another_night_of_the_same_name_is_refused_and_nothing_is_written(jobs, tmp_path, capfd):
    first = night(tmp_path / "monday", *WALK, job=jobs[0])
    second = night(tmp_path / "tuesday", *OTHER, job=jobs[1])
    write(second / "more.json", page(*WALK, job="more"))
    out = tmp_path / "out"
    export_dataset(first, out)
    before = content(out)
    assert main(["export", str(second), str(out)]) == 2
    said = capfd.readouterr().err
    assert said.count("\n") == 1
    assert "already has a video 'cam', made from " + ("'job a'" if jobs[0] else "'cam.json'") in said
    assert str(second / "cam.json") in said
    assert ("(job 'b')" in said) == (jobs[1] is not None)
    assert "Export the folder that contains both sources to a new dataset" in said
    assert content(out) == before
    with pytest.raises(ParameterError, match="is a different video and would replace it"):
        export_dataset(second, out, force=True, prune=True)
    assert content(out) == before


def test_the_folder_above_both_nights_can_be_exported(tmp_path):
    night(tmp_path / "nights/monday", *WALK, job="a")
    night(tmp_path / "nights/tuesday", *OTHER, job="b")
    summary = export_dataset(tmp_path / "nights", tmp_path / "out")
    assert [video.name for video in summary.videos] == ["monday-cam", "tuesday-cam"]


def test_a_page_that_is_overwritten_with_another_job_is_another_video(tmp_path):
    source = night(tmp_path / "pages", *WALK, job="a")
    export_dataset(source, tmp_path / "out")
    night(source, *OTHER, job="b")
    with pytest.raises(ParameterError, match="made from 'job a'"):
        export_dataset(source, tmp_path / "out")


def test_another_trackers_file_of_the_same_name_is_another_video(tmp_path):
    for folder, left in (("monday", 10), ("tuesday", 20)):
        write(
            tmp_path / folder / "cam.txt", f"1,1,{left},5,10,20,1,-1,-1,-1\n2,1,{left},5,10,20,1,-1,-1,-1\n"
        )
    given = {"format": "mot", "first_pixel": 0, "video": Video(width=640, height=360, frame_rate=25.0)}
    summary = export_dataset(tmp_path / "monday/cam.txt", tmp_path / "out", **given)
    assert [one.status for one in summary.videos] == ["written"]
    with pytest.raises(ParameterError, match=r"made from 'cam\.txt'"):
        export_dataset(tmp_path / "tuesday/cam.txt", tmp_path / "out", **given)


def grown(source, job):
    write(source / "cam-2.json", page(*LATER, job=job, JobStatus="SUCCEEDED" if job else None))
    return source


def edited(source, job):
    return night(source, *OTHER, job=job)


def moved(source, job):
    return source.rename(source.parent / "elsewhere")


def moved_and_grown(source, job):
    return grown(moved(source, job), job)


def named_itself(source, job):
    return edited(source, job) / "cam.json"


def fetched_with_its_job(source, job):
    return night(source, *OTHER, job="known now")


@pytest.mark.parametrize("change", [grown, edited, moved, moved_and_grown, named_itself])
@pytest.mark.parametrize("job", ["a", None])
def test_the_same_source_may_grow_be_edited_and_move(change, job, tmp_path):
    source = night(tmp_path / "pages", *WALK, job=job)
    export_dataset(source, tmp_path / "out")
    source = change(source, job)
    assert [one.status for one in export_dataset(source, tmp_path / "out", max_gap="1s").videos] == [
        "written"
    ]
    export_dataset(source, tmp_path / "fresh", max_gap="1s")
    assert content(tmp_path / "out/_runs") == content(tmp_path / "fresh/_runs")


def test_a_source_whose_job_becomes_known_is_the_same(tmp_path):
    source = night(tmp_path / "pages", *WALK)
    export_dataset(source, tmp_path / "out")
    fetched_with_its_job(source, None)
    assert [one.status for one in export_dataset(source, tmp_path / "out").videos] == ["written"]


def test_a_folder_after_one_of_its_files_is_the_same_source(tmp_path):
    source = night(tmp_path / "pages", *WALK)
    export_dataset(source / "cam.json", tmp_path / "out")
    edited(source, None)
    assert [one.status for one in export_dataset(source, tmp_path / "out").videos] == ["written"]


def test_with_a_job_the_same_video_may_come_from_elsewhere_with_other_pages(tmp_path):
    export_dataset(night(tmp_path / "one", *WALK, job="a"), tmp_path / "out")
    summary = export_dataset(night(tmp_path / "two", *OTHER, job="a"), tmp_path / "out")
    assert [one.status for one in summary.videos] == ["written"]


def test_without_the_notes_on_its_source_a_video_is_known_by_its_content_only(tmp_path):
    source = night(tmp_path / "pages", *WALK)
    export_dataset(source, tmp_path / "out")
    shutil.rmtree(tmp_path / "out/.ptrack")
    export_dataset(grown(source, None), tmp_path / "out")
    shutil.rmtree(tmp_path / "out/.ptrack")
    with pytest.raises(ParameterError, match=r"made from 'cam-2\.json', 'cam\.json'"):
        export_dataset(edited(source, None), tmp_path / "out")


def test_the_folder_of_the_source_is_named_nowhere_in_the_dataset(tmp_path):
    export_dataset(night(tmp_path / "a secret folder", *WALK), tmp_path / "out")
    assert not any(b"a secret folder" in one for one in content(tmp_path / "out").values())


def test_an_export_into_a_compacted_dataset_is_refused(tmp_path, capfd):
    source = night(tmp_path / "pages", *WALK, job="a")
    export_dataset(source, tmp_path / "out")
    compact_dataset(tmp_path / "out", tmp_path / "big")
    before = content(tmp_path / "big")
    assert main(["export", str(source), str(tmp_path / "big"), "--force"]) == 2
    said = capfd.readouterr().err
    assert "is a compacted dataset" in said
    assert "Export to the dataset that it was made from and compact that again" in said
    assert content(tmp_path / "big") == before
    assert not (tmp_path / "big/.ptrack").exists()


@pytest.mark.parametrize("jobs", [("a", "b"), (None, None)], ids=["jobs", "none"])
def test_in_s3_another_night_is_refused_and_nothing_is_written(jobs, bucket, capfd):
    out = bucket / "out"
    for job, name, records in zip(jobs, ("monday", "tuesday"), (WALK, OTHER), strict=True):
        put(f"{name}/cam.json", *records, job=job)
    export_dataset(bucket / "monday", out)
    before = objects("out/")
    assert main(["export", f"s3://{BUCKET}/tuesday", str(out)]) == 2
    assert f"s3://{BUCKET}/tuesday/cam.json" in capfd.readouterr().err
    assert objects("out/") == before


def test_in_s3_the_same_source_may_be_edited_and_a_compacted_dataset_takes_no_export(bucket):
    for records in (WALK, OTHER):
        put("pages/cam.json", *records, job=None)
        summary = export_dataset(bucket / "pages", bucket / "out")
        assert [one.status for one in summary.videos] == ["written"]
    compact_dataset(bucket / "out", bucket / "big")
    before = objects("big/")
    with pytest.raises(ParameterError, match="is a compacted dataset"):
        export_dataset(bucket / "pages", bucket / "big")
    assert objects("big/") == before
