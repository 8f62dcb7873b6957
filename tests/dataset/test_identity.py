"""A video is replaced by itself only; another video with its name is added beside it."""

from types import SimpleNamespace

import boto3
import pytest
from buckets import BUCKET, content, objects, put
from pages import page, record, write
from stored import assert_sound, contents, read_stored, values, videos

from ptrack_analysis import export_dataset, open_dataset
from ptrack_analysis.cli import main
from ptrack_analysis.dataset.batches import VideoTask, cut_batches
from ptrack_analysis.dataset.compaction import compact_dataset
from ptrack_analysis.dataset.manifest import VideoEntry
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.video import Video

WALK = [record(ms, 1, box=(0.2, 0.2, 0.1, 0.4)) for ms in range(0, 500, 100)]
LATER = [record(ms, 1, box=(0.4, 0.2, 0.1, 0.4)) for ms in range(500, 900, 100)]
OTHER = [record(ms, 2, box=(0.6, 0.2, 0.1, 0.4)) for ms in range(0, 900, 100)]
MOT = {"format": "mot", "first_pixel": 0, "video": Video(width=640, height=360, frame_rate=25.0)}


def night(folder, *records, job=None):
    """Save a night as pages, all nights under the same name; give its folder."""
    write(folder / "cam.json", page(*records, job=job, JobStatus="SUCCEEDED" if job else None))
    return folder


def names(summary):
    return [video.name for video in summary.videos]


def statuses(summary):
    return [video.status for video in summary.videos]


@pytest.mark.parametrize("jobs", [("a", "b"), (None, None), ("a", None)], ids=["jobs", "none", "one"])
def test_another_night_of_the_same_name_is_added_and_the_first_one_stays(jobs, tmp_path):
    out = tmp_path / "out"
    monday = night(tmp_path / "monday", *WALK, job=jobs[0])
    tuesday = night(tmp_path / "tuesday", *OTHER, job=jobs[1])
    export_dataset(monday, out)
    summary = export_dataset(tuesday, out)
    (name,) = names(summary)
    assert name.removeprefix("cam-").isalnum()
    assert len(name) == len("cam-") + 6
    (note,) = summary.warnings
    assert note.startswith(f"{tuesday / 'cam.json'} is a different video than 'cam' in the dataset")
    assert f"added as {name!r}" in note
    assert "ptrack remove OUT --video cam" in note
    assert videos(out) == ["cam", name]
    assert len(values(out, "detections", "person_index", video="cam")) == len(WALK)
    assert len(values(out, "detections", "person_index", video=name)) == len(OTHER)
    for source in (monday, tuesday):
        again = export_dataset(source, out)
        assert (statuses(again), again.warnings) == (["unchanged"], ())
    assert_sound(out)


def test_another_night_has_its_date_in_its_name_where_the_clock_is_known(tmp_path):
    out = tmp_path / "out"
    export_dataset(night(tmp_path / "monday", *WALK), out)
    for day, records, said in (("24", OTHER, "cam-2026-11-24"), ("25", LATER, "cam-2026-11-25")):
        source = night(tmp_path / day, *records)
        clock = write(tmp_path / f"{day}.csv", f"video,started_at\ncam,2026-11-{day}T23:30:00+01:00\n")
        assert names(export_dataset(source, out, recordings=clock)) == [said]
    more = night(tmp_path / "more", *WALK, *LATER)
    (name,) = names(export_dataset(more, out, recordings=clock))
    assert name not in {"cam", "cam-2026-11-24", "cam-2026-11-25"}
    assert len(videos(out)) == 4


def test_under_a_given_name_another_video_is_refused_and_nothing_is_written(tmp_path, capfd):
    out = tmp_path / "out"
    export_dataset(night(tmp_path / "monday", *WALK, job="a"), out, name="door")
    before = content(out)
    source = night(tmp_path / "tuesday", *OTHER, job="b")
    assert main(["export", str(source), str(out), "--name", "door"]) == 2
    said = capfd.readouterr().err
    assert said.count("\n") == 1
    assert "name (--name) is 'door', but the dataset has a different video with this name" in said
    assert content(out) == before
    with pytest.raises(ParameterError, match="a different video with this name"):
        export_dataset(source, out, name="door", force=True, prune=True)
    assert content(out) == before
    assert names(export_dataset(source, out, name="door-2")) == ["door-2"]


def test_the_folder_above_both_nights_can_be_exported(tmp_path):
    night(tmp_path / "nights/monday", *WALK, job="a")
    night(tmp_path / "nights/tuesday", *OTHER, job="b")
    summary = export_dataset(tmp_path / "nights", tmp_path / "out")
    assert names(summary) == ["monday-cam", "tuesday-cam"]


def test_one_folder_a_night_and_then_the_folder_above_them_has_each_night_once(tmp_path):
    out = tmp_path / "out"
    for name, records, job in (("monday", WALK, "a"), ("tuesday", OTHER, "b"), ("wednesday", LATER, "c")):
        export_dataset(night(tmp_path / "nights" / name, *records, job=job), out)
    before = sorted(values(out, "detections", "person_index"))
    export_dataset(tmp_path / "nights", out)
    assert sorted(values(out, "detections", "person_index")) == before
    assert len(videos(out)) == 3
    assert_sound(out)


def test_the_same_video_twice_in_a_source_is_exported_once(tmp_path):
    for name in ("one", "two"):
        write(tmp_path / f"in/{name}.txt", "1,1,10,5,10,20,1,-1,-1,-1\n2,1,10,5,10,20,1,-1,-1,-1\n")
    summary = export_dataset(tmp_path / "in", tmp_path / "out", **MOT)
    assert names(summary) == ["one"]
    assert any("is the same video as 'one' and is exported once" in note for note in summary.warnings)


def test_a_page_that_is_overwritten_with_another_job_is_another_video(tmp_path):
    out = tmp_path / "out"
    source = night(tmp_path / "pages", *WALK, job="a")
    export_dataset(source, out)
    night(source, *OTHER, job="b")
    summary = export_dataset(source, out)
    assert summary.gone == ("cam",)
    assert len(videos(out)) == 2
    export_dataset(source, out, prune=True)
    assert videos(out) == names(summary)


def test_another_trackers_file_of_the_same_name_is_another_video(tmp_path):
    for folder, left in (("monday", 10), ("tuesday", 20)):
        write(
            tmp_path / folder / "cam.txt", f"1,1,{left},5,10,20,1,-1,-1,-1\n2,1,{left},5,10,20,1,-1,-1,-1\n"
        )
        assert statuses(export_dataset(tmp_path / folder / "cam.txt", tmp_path / "out", **MOT)) == ["written"]
    assert len(videos(tmp_path / "out")) == 2
    assert len(read_stored(tmp_path / "out", "detections")) == 4


def grown(source):
    write(source / "cam-2.json", page(*LATER, job="a"))
    return source


def edited(source):
    return night(source, *OTHER, job="a")


def moved(source):
    return source.rename(source.parent / "elsewhere")


def moved_and_grown(source):
    return grown(moved(source))


def named_itself(source):
    return edited(source) / "cam.json"


@pytest.mark.parametrize("change", [grown, edited, moved, moved_and_grown, named_itself])
def test_a_job_may_get_more_pages_be_edited_and_move(change, tmp_path):
    source = night(tmp_path / "pages", *WALK, job="a")
    export_dataset(source, tmp_path / "out")
    source = change(source)
    assert statuses(export_dataset(source, tmp_path / "out", max_gap="1s")) == ["written"]
    export_dataset(source, tmp_path / "fresh", max_gap="1s")
    assert contents(tmp_path / "out") == contents(tmp_path / "fresh")
    assert_sound(tmp_path / "out")


def test_with_a_job_the_same_video_may_come_from_elsewhere_with_other_pages(tmp_path):
    export_dataset(night(tmp_path / "one", *WALK, job="a"), tmp_path / "out")
    summary = export_dataset(night(tmp_path / "two", *OTHER, job="a"), tmp_path / "out")
    assert statuses(summary) == ["written"]
    assert videos(tmp_path / "out") == ["cam"]


def test_without_a_job_a_file_that_moved_or_has_another_name_is_the_same_video(tmp_path):
    out = tmp_path / "out"
    source = night(tmp_path / "pages", *WALK)
    export_dataset(source, out)
    assert statuses(export_dataset(moved(source), out)) == ["unchanged"]
    (tmp_path / "elsewhere/cam.json").rename(tmp_path / "elsewhere/door.json")
    summary = export_dataset(tmp_path / "elsewhere", out)
    assert (names(summary), videos(out)) == (["door"], ["door"])
    assert_sound(out)


def test_without_a_job_an_edited_file_is_another_video_and_pruning_removes_the_old_one(tmp_path):
    out = tmp_path / "out"
    source = night(tmp_path / "pages", *WALK)
    export_dataset(source, out)
    night(source, *OTHER)
    summary = export_dataset(source, out)
    assert summary.gone == ("cam",)
    assert videos(out) == sorted(["cam", *names(summary)])
    assert export_dataset(source, out, prune=True).pruned
    assert videos(out) == names(summary)
    assert len(values(out, "detections", "person_index")) == len(OTHER)


def test_without_its_cache_a_video_is_known_by_its_content(tmp_path):
    source = night(tmp_path / "pages", *WALK)
    export_dataset(source, tmp_path / "out")
    (tmp_path / "out/_ptrack/sources.parquet").unlink()
    assert statuses(export_dataset(source, tmp_path / "out")) == ["unchanged"]


def test_the_folder_of_the_source_is_named_nowhere_in_the_dataset(tmp_path):
    export_dataset(night(tmp_path / "a secret folder", *WALK), tmp_path / "out")
    assert not any(b"a secret folder" in one for one in content(tmp_path / "out").values())


def test_an_export_into_a_compacted_dataset_adds_nothing_twice(tmp_path):
    out = tmp_path / "out"
    for name, records, job in (("monday", WALK, "a"), ("tuesday", OTHER, "b")):
        export_dataset(night(tmp_path / name, *records, job=job), out)
    before = contents(out)
    compact_dataset(out)
    assert contents(out) == before
    for name in ("monday", "tuesday"):
        assert statuses(export_dataset(tmp_path / name, out)) == ["unchanged"]
    assert contents(out) == before
    export_dataset(night(tmp_path / "wednesday", *LATER, job="c"), out)
    assert len(values(out, "detections", "person_index")) == len(WALK) + len(OTHER) + len(LATER)
    assert_sound(out)


@pytest.mark.parametrize("jobs", [("a", "b"), (None, None)], ids=["jobs", "none"])
def test_in_s3_another_night_is_added(jobs, bucket, capfd):
    out = bucket / "out"
    for job, name, records in zip(jobs, ("monday", "tuesday"), (WALK, OTHER), strict=True):
        put(f"{name}/cam.json", *records, job=job)
    export_dataset(bucket / "monday", out)
    assert main(["export", f"s3://{BUCKET}/tuesday", str(out)]) == 0
    assert f"s3://{BUCKET}/tuesday/cam.json is a different video than 'cam'" in capfd.readouterr().err
    detections = open_dataset(out).read("detections")
    assert len(detections) == len(WALK) + len(OTHER)
    before = objects("out/")
    for name in ("monday", "tuesday"):
        assert statuses(export_dataset(bucket / name, out)) == ["unchanged"]
    changed = {key for key, tag in objects("out/").items() if before.get(key) != tag}
    assert {key.split("/")[1] for key in changed} <= {"_ptrack"}


def test_in_s3_a_compacted_dataset_takes_an_export_and_has_each_row_once(bucket):
    out = bucket / "out"
    put("pages/cam.json", *WALK, job="a")
    put("more/cam.json", *LATER, job="b")
    for name in ("pages", "more"):
        export_dataset(bucket / name, out)
    compact_dataset(out)
    put("pages/cam.json", *OTHER, job="a")
    assert statuses(export_dataset(bucket / "pages", out)) == ["written"]
    assert len(open_dataset(out).read("detections")) == len(OTHER) + len(LATER)
    keys = boto3.client("s3").list_objects_v2(Bucket=BUCKET, Prefix="out/detections/")["Contents"]
    assert len(keys) == 1


def test_a_file_that_changes_or_goes_during_an_export_is_read_again_by_the_next(tmp_path):
    source, out = tmp_path / "in", tmp_path / "out"
    for name in ("a", "b", "c"):
        night(source / name, record(0, 1), job=f"job {name}")
    files = {name: next((source / name).glob("*.json")) for name in "abc"}

    def change(summary, _):
        if summary.name.startswith("c"):
            files["a"].write_text(files["a"].read_text().replace("job a", "job x"))
            files["b"].unlink()

    export_dataset(source, out, progress=change)
    summary = export_dataset(source, out)
    assert [video.status for video in summary.videos] == ["written", "unchanged"]
    assert len(open_dataset(out).videos) == 4


def test_a_file_that_goes_before_batches_are_cut_does_not_stop_the_export(tmp_path):
    reference = SimpleNamespace(files=[tmp_path / "gone.json"])
    videos = [VideoTask(reference, None, 0, VideoEntry("a", "identity", -1))]
    assert [task.batch for task in cut_batches(videos, 7)] == [7]
