"""Archives that lack pages: how that is noticed, refused and reported."""

import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pytest
from archives import FETCH_STATE, SHAPES, records, split
from hypothesis import given, settings
from hypothesis import strategies as st
from pages import page, record, write

from ptrack_analysis import (
    compute_quality,
    compute_trajectories,
    export_dataset,
    find_videos,
    inspect_tracking,
    open_dataset,
    read_tracking,
)
from ptrack_analysis.cli import main
from ptrack_analysis.dataset.manifest import read_manifest
from ptrack_analysis.errors import IncompleteError, PtrackWarning
from ptrack_analysis.rekognition import write_pages


def make_archive(folder, names=("page-1", "page-2", "page-3", "page-4"), job="job-1"):
    """Write pages of two detections each, one page a file; all but the last have a NextToken."""
    for number, name in enumerate(names):
        token = f"token-{number}" if number + 1 < len(names) else None
        rows = [record(200 * number + time) for time in (0, 100)]
        write(folder / f"{name}.json", page(*rows, token=token, job=job))
    return folder


def delete(file):
    file.unlink()


def replace_by_dangling_link(file):
    file.unlink()
    file.symlink_to("gone.json")


def replace_by_folder(file):
    file.unlink()
    file.mkdir()


def replace_by_fifo(file):
    file.unlink()
    os.mkfifo(file)


LOST = {
    "deleted": (delete, r"page 3 is missing \(between 'page-2.json' and 'page-4.json'\)"),
    "a dangling link": (
        replace_by_dangling_link,
        "'page-3.json' cannot be read: the link's target 'gone.json'",
    ),
    "a folder": (replace_by_folder, "'page-3.json' cannot be read: it is a folder"),
    "a FIFO": (replace_by_fifo, "'page-3.json' cannot be read: it is a FIFO"),
}


@pytest.mark.parametrize(("lose", "sentence"), LOST.values(), ids=LOST.keys())
@pytest.mark.parametrize("job", ["job-1", None])
def test_an_archive_without_its_third_page_is_refused(tmp_path, lose, sentence, job):
    archive = make_archive(tmp_path / "archive", job=job)
    lose(archive / "page-3.json")
    (reference,) = find_videos(archive)
    for source in (archive, reference):
        with pytest.raises(IncompleteError, match=sentence) as caught:
            read_tracking(source)
        assert str(caught.value).endswith("allow_incomplete=True (--allow-incomplete).")
        with pytest.warns(PtrackWarning, match=f"incomplete: .*{sentence}"):
            assert len(read_tracking(source, allow_incomplete=True)[0]) == 6
    assert inspect_tracking(archive).verdict == "not usable"
    assert "incomplete" in " ".join(inspect_tracking(archive, allow_incomplete=True).notes)


@pytest.mark.parametrize("lose", [delete, replace_by_dangling_link])
def test_a_missing_page_counts_once_as_a_share_of_the_pages(tmp_path, lose):
    """The page is a hole in the numbers, or an entry that cannot be read, but not both."""
    archive = make_archive(tmp_path / "archive")
    lose(archive / "page-3.json")
    with pytest.warns(PtrackWarning, match="incomplete") as caught:
        detections, video = read_tracking(archive, allow_incomplete=True)
    assert str(caught[0].message).count("page-3.json") + str(caught[0].message).count("page 3 ") == 1
    assert video.read_report.completeness.missing_pages == 1
    quality = compute_quality(detections, compute_trajectories(detections, video), video)
    assert quality.loc[("missing pages", ""), ["value", "verdict"]].tolist() == [25.0, "bad"]


def test_one_missing_page_of_many_does_not_make_an_archive_unusable(tmp_path):
    archive = make_archive(tmp_path / "archive", [f"page-{number}" for number in range(1, 31)])
    delete(archive / "page-7.json")
    inspected = inspect_tracking(archive, allow_incomplete=True)
    assert inspected.checks["bad"] == 0
    assert inspected.verdict == "usable with care"


def test_a_lost_last_page_that_is_a_dangling_link_is_named(tmp_path):
    archive = make_archive(tmp_path / "archive")
    replace_by_dangling_link(archive / "page-4.json")
    with pytest.raises(IncompleteError, match=r"page-4.json.*every page \(3\) has a NextToken"):
        read_tracking(archive)


def test_a_lost_first_page_is_refused_where_the_numbers_tell_it(tmp_path):
    archive = make_archive(tmp_path / "archive")
    delete(archive / "page-1.json")
    with pytest.raises(IncompleteError, match=r"page 1 is missing \(the pages start at 'page-2.json'\)"):
        read_tracking(archive)


VERDICTS = {
    "numbers from 0": ([f"page-{number}" for number in range(4)], "complete"),
    "numbers from 1": ([f"page-{number}" for number in range(1, 5)], "complete as far as can be told"),
    "other names": (["a", "b", "c", "d"], "complete as far as can be told"),
}


@pytest.mark.parametrize(("names", "verdict"), VERDICTS.values(), ids=VERDICTS.keys())
def test_the_verdict_of_an_archive_without_signs_of_missing_pages(tmp_path, names, verdict):
    _, video = read_tracking(make_archive(tmp_path, names))
    assert str(video.read_report.completeness) == verdict


def test_the_verdict_of_an_archive_that_starts_late_says_when(tmp_path):
    write(tmp_path / "in/last.json", page(record(14180), record(14220)))
    export_dataset(tmp_path / "in", tmp_path / "out")
    [verdict] = open_dataset(tmp_path / "out").read("videos")["completeness"]
    assert verdict == "complete as far as can be told, but the first detection is at 14.180 s"


def test_the_verdict_of_an_incomplete_archive_stands_in_python_and_in_all_outputs(tmp_path, capfd):
    archive = make_archive(tmp_path / "archive")
    delete(archive / "page-3.json")
    verdict = "incomplete: page 3 is missing (between 'page-2.json' and 'page-4.json')"
    with pytest.warns(PtrackWarning, match="incomplete: page 3 is missing"):
        _, video = read_tracking(archive, allow_incomplete=True)
    assert video.read_report.completeness.verdict == verdict
    assert verdict in repr(video.read_report)
    assert verdict in video.read_report.table["text"].tolist()
    out, options = tmp_path / "out", ["--allow-incomplete", "--frame-size", "1000x500"]
    assert main(["summary", str(archive), "--json", *options]) == 0
    printed = capfd.readouterr()
    assert json.loads(printed.out)["videos"][0]["read_report"]["completeness"] == verdict
    assert "warning: " in printed.err
    assert main(["inspect", str(archive), "--json", *options]) == 0
    assert json.loads(capfd.readouterr().out)["videos"][0]["read_report"]["completeness"] == verdict
    assert main(["export", str(archive), str(out), *options]) == 0
    assert capfd.readouterr().err.count(verdict) == 1
    assert pd.read_parquet(out / "videos")["completeness"].tolist() == [verdict]
    (entry,) = read_manifest(out).videos
    assert entry.read_report["completeness"] == verdict
    quality = pd.read_parquet(out / "quality").set_index("check")
    assert quality.loc["missing pages", "verdict"] == "bad"


def test_a_long_time_without_detections_between_two_pages_is_noted(tmp_path):
    for number, start in enumerate((0, 200, 9000)):
        rows = [record(start + time) for time in (0, 100)]
        write(tmp_path / f"p-{number}.json", page(*rows, token="more" if number < 2 else None))
    (note,) = (
        note for note in inspect_tracking(tmp_path).notes if "between 'p-1.json' and 'p-2.json'" in note
    )
    assert "no detection for 8.700 s" in note


TELLING = {"fetched"}
"""Shapes in which the loss of any page can be told."""


@pytest.mark.filterwarnings("ignore::ptrack_analysis.errors.PtrackWarning")
@pytest.mark.parametrize("shape", SHAPES)
@given(st.data())
@settings(max_examples=30, deadline=None)
def test_an_archive_without_any_one_of_its_pages_is_refused_or_not_called_complete(shape, drawn):
    pages = split(drawn.draw, drawn.draw(records()))
    lost = drawn.draw(st.integers(0, len(pages) - 1))
    whole = SHAPES[shape](pages)
    names = [name for name in whole if name != FETCH_STATE]
    if len(names) > 1:
        rest = {name: content for name, content in whole.items() if name != names[lost]}
    elif len(pages) > 1:
        rest = SHAPES[shape]([each for number, each in enumerate(pages) if number != lost])
    else:
        return
    try:
        detections, video = read_files(rest)
    except IncompleteError:
        return
    assert shape not in TELLING
    if not detections.equals(read_files(whole)[0]):
        assert video.read_report.verdict.startswith("complete as far as can be told")


def read_files(contents):
    with TemporaryDirectory() as folder:
        for name, content in contents.items():
            write(Path(folder, name), content)
        return read_tracking(folder)


def test_several_lost_pages_are_listed(tmp_path):
    archive = make_archive(tmp_path / "archive", [f"page-{number}" for number in range(10)])
    for number in (2, 3, 4, 7):
        delete(archive / f"page-{number}.json")
    with pytest.raises(IncompleteError, match=r"pages 2 to 4, 7 are missing"):
        read_tracking(archive)


def make_fetched(folder, pages, counted):
    make_archive(folder, [f"{number:06}" for number in range(1, pages + 1)])
    state = {"ptrack_fetch": 1, "job_id": "job-1", "sort_by": "TIMESTAMP", "max_results": 1000}
    write(folder / "fetch.json", state | {"pages": counted, "next_token": None, "complete": True})
    return folder


def test_a_fetch_state_that_counts_more_pages_is_believed(tmp_path):
    archive = make_fetched(tmp_path / "archive", pages=4, counted=5)
    with pytest.raises(IncompleteError, match=r"fetch.json counts 5 pages, but '000005.json' is missing"):
        read_tracking(archive)
    assert len(read_tracking(make_fetched(tmp_path / "whole", pages=4, counted=4))[0]) == 8


COMPLETE = {
    "numbers that are offsets": ["a-0", "a-1000", "a-2000"],
    "offsets that start at 1": ["a-1", "a-1001", "a-2001"],
    "times": ["a-1698765432", "a-1698765440", "a-1698765449"],
    "frame sizes": ["cam_640x360", "cam_640x480"],
    "one file": ["page-7"],
    "from a later number on": ["page-5", "page-6"],
    "dates": ["a-2026-10-28", "a-2026-10-31"],
    "without numbers": ["a", "b", "c"],
}


@pytest.mark.parametrize("names", COMPLETE.values(), ids=COMPLETE.keys())
def test_other_numbers_in_names_are_no_hole(tmp_path, names):
    assert len(read_tracking(make_archive(tmp_path, names))[0]) == 2 * len(names)


def test_page_numbers_that_run_on_over_two_jobs_have_no_hole(tmp_path):
    make_archive(tmp_path, ["page-1", "page-3", "page-5"], job="a")
    make_archive(tmp_path, ["page-2", "page-4", "page-6"], job="b")
    assert [len(read_tracking(reference)[0]) for reference in find_videos(tmp_path)] == [6, 6]


def test_a_folder_named_like_a_page_may_hold_pages(tmp_path):
    make_archive(tmp_path / "pages.json", ["part-0", "part-1"])
    assert len(read_tracking(tmp_path)[0]) == 4


def test_only_the_video_that_lacks_a_page_is_refused(tmp_path):
    make_archive(tmp_path / "source/a", job="a")
    make_archive(tmp_path / "source/b", job="b")
    replace_by_dangling_link(tmp_path / "source/b/page-2.json")
    exported = export_dataset(tmp_path / "source", tmp_path / "out")
    assert [one.status for one in exported.videos] == ["written", "failed"]
    assert isinstance(exported.videos[1].error, IncompleteError)


def test_a_video_all_of_whose_pages_cannot_be_opened_is_not_forgotten(tmp_path):
    make_archive(tmp_path / "source/a")
    (tmp_path / "source/b").mkdir()
    (tmp_path / "source/b/page-1.json").symlink_to("gone.json")
    assert len(find_videos(tmp_path / "source")) == 2
    exported = export_dataset(tmp_path / "source", tmp_path / "out")
    assert [one.status for one in exported.videos] == ["written", "failed"]


def test_pages_that_this_package_wrote_are_complete(tmp_path):
    detections, video = read_tracking(make_archive(tmp_path / "archive"))
    write_pages(detections, video, tmp_path / "again", page_size=3)
    assert len(read_tracking(tmp_path / "again")[0]) == 8


@pytest.fixture
def shop_without_its_third_page(data, tmp_path):
    for file in (data / "shop/pages").iterdir():
        write(tmp_path / "shop" / file.name, file.read_bytes())
    delete(tmp_path / "shop/shop-3.json")
    return tmp_path / "shop"


@pytest.mark.parametrize("command", ["inspect", "summary", "export", "report", "plot"])
def test_the_shell_refuses_with_exit_3_or_notes_what_is_missing(
    shop_without_its_third_page, tmp_path, capfd, command
):
    source, out = str(shop_without_its_third_page), str(tmp_path / "out")
    arguments = {
        "inspect": ["inspect", source],
        "summary": ["summary", source],
        "export": ["export", source, out],
        "report": ["report", source, "-o", f"{out}.html"],
        "plot": ["plot", "paths", source, "-o", f"{out}.png"],
    }[command]
    assert main(arguments) == 3
    assert "page 3 is missing" in capfd.readouterr().err
    assert main([*arguments, "--allow-incomplete"]) == 0
    output = capfd.readouterr()
    if command == "report":
        output = [(tmp_path / "out.html").read_text()]
    assert "page 3 is missing" in "".join(output)
    if command == "export":
        (entry,) = read_manifest(tmp_path / "out").videos
        assert any("page 3 is missing" in note for note in entry.notes)
        people = pd.read_parquet(tmp_path / "out/tracks")
        assert (len(people), round(people["time_in_scene_s"].sum(), 3)) == (12, 408.2)
