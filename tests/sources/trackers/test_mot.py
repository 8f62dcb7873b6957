"""MOTChallenge text, and what ByteTrack and DeepSORT make of it."""

import pandas as pd
import pytest
from pages import write
from tracker_files import SMALL, boxes, read

from ptrack_analysis import find_videos
from ptrack_analysis.errors import InputError, ParameterError
from ptrack_analysis.sources.trackers import mot
from ptrack_analysis.sources.trackers.registry import read_tracks, recognize
from ptrack_analysis.sources.trackers.sample import read_sample
from ptrack_analysis.video import Video

ROWS = "1,1,1,1,50,100,0.9,-1,-1,-1\n3,1,26,101,50,100,0.8,-1,-1,-1\n"
INI = "[Sequence]\nname=S\nimDir=img1\nframeRate=10\nseqLength=30\nimWidth=200\nimHeight=400\nimExt=.jpg\n"
TRUTH = (("gt.txt", None), ("gt_val_half.txt", None), ("gt/a.txt", None), ("a.txt", "mot-gt"))
"""Names and formats that say that a file is ground truth."""


def test_frames_ids_and_pixels_are_counted_from_1(tmp_path):
    tracked = read(write(tmp_path / "a.txt", ROWS))
    assert boxes(tracked) == [(0, 1, 0.0, 0.0, 0.5, 0.5), (80, 1, 0.25, 0.5, 0.5, 0.5)]
    assert tracked.table["confidence"].tolist() == [0.9, 0.8]
    assert tracked.notes == ()
    assert tracked.video.name == "a"


@pytest.mark.parametrize(
    "text",
    [
        ROWS.replace(",", ", "),
        ROWS.replace(",", " "),
        ROWS.replace(",", "\t").replace("\n", "\r\n"),
        ROWS.replace("\n", "\n\n"),
        "\ufeff" + ROWS.strip(),
        ROWS.replace("-1,-1,-1\n", "-1,-1,-1,\n"),
        "\n".join(reversed(ROWS.strip().split("\n"))),
    ],
    ids=["spaces", "white space", "tabs", "blank lines", "byte order mark", "comma at the end", "reversed"],
)
def test_the_same_rows_written_otherwise_are_the_same_table(tmp_path, text):
    assert boxes(read(write(tmp_path / "a.txt", text))) == boxes(read(write(tmp_path / "b.txt", ROWS)))


@pytest.mark.parametrize("width", [6, 7])
def test_fewer_columns_are_enough(tmp_path, width):
    text = "\n".join(",".join(line.split(",")[:width]) for line in ROWS.split())
    tracked = read(write(tmp_path / "a.txt", text))
    assert ("confidence" in tracked.table) == (width == 7)
    assert len(tracked.table) == 2


def test_of_ground_truth_flag_0_and_other_classes_are_left_out_and_counted(tmp_path):
    text = (
        "1,1,1,1,5,5,1,1,1\n1,2,1,1,5,5,0,1,1\n1,3,1,1,5,5,1,7,0.5\n1,4,1,1,5,5,1,3,0.2\n1,5,1,1,5,5,1,3,0\n"
    )
    for name, form in TRUTH:
        tracked = read(write(tmp_path / name, text), format=form)
        assert tracked.table.index.get_level_values("person_index").tolist() == [1]
        assert tracked.notes == (
            "1 of 5 rows with flag 0 are excluded",
            "3 of 4 rows of other classes are excluded (2 car, 1 static person)",
        )
        assert "confidence" not in tracked.table


@pytest.mark.parametrize("name", ["a.txt", "gtx1080.txt", "test_gt.txt", "gt_results/a.txt"])
def test_nine_columns_without_proof_of_ground_truth_are_results_of_all_classes(tmp_path, name):
    text = "".join(f"{frame},{person},9,9,5,5,1,0,0.8{frame}\n" for frame in (1, 2) for person in (1, 2))
    for form in (None, "mot"):
        tracked = read(write(tmp_path / name, text), format=form)
        assert len(tracked.table) == 4
        assert tracked.table["class_id"].tolist() == [0] * 4
        assert "confidence" not in tracked.table
        assert len(tracked.notes) == 2
        assert "rows of all classes are kept" in tracked.notes[0]
        assert "--format mot-gt" in tracked.notes[0]


def test_ground_truth_without_a_pedestrian_is_refused(tmp_path):
    file = write(tmp_path / "gt.txt", "1,1,1,1,5,5,1,0,0.8\n2,1,1,1,5,5,1,3,0.8\n")
    with pytest.raises(
        InputError, match=r"no row is of the class pedestrian \(1 car, 1 class 0\).*labels.txt"
    ):
        read(file)
    with pytest.raises(InputError, match=r"the flag \(column 7\) is 0 in every row"):
        read(write(tmp_path / "gt.txt", "1,1,1,1,5,5,0,1,0.8\n"))


def test_labels_beside_ground_truth_name_its_classes(tmp_path):
    write(tmp_path / "task/gt/labels.txt", "forklift\r\nperson\r\n")
    file = write(tmp_path / "task/gt/gt.txt", "1,1,0,0,5,5,1,1,1.0\r\n1,2,0,20,50,100,1,2,1.0\r\n")
    for path in (file, tmp_path / "task"):
        tracked = read(path)
        assert boxes(tracked) == [(0, 2, 0.0, 0.1, 0.5, 0.5)]
        assert tracked.table["class_name"].tolist() == ["person"]
        assert tracked.notes == ("1 of 2 rows of other classes are excluded (1 forklift)",)
        assert tracked.video.name == "task"


def test_a_class_beyond_the_lines_of_labels_is_refused(tmp_path):
    write(tmp_path / "labels.txt", "person\n")
    file = write(tmp_path / "gt.txt", "1,1,0,0,5,5,1,1,1.0\n1,2,0,20,50,100,1,2,1.0\n")
    with pytest.raises(InputError, match=r"gt.txt, line 2: class is '2'; expected a class from 1 to 1"):
        read(file)


def test_labels_that_name_no_person_keep_all_rows(tmp_path):
    write(tmp_path / "labels.txt", "Kunde\nStapler\n")
    tracked = read(write(tmp_path / "gt.txt", "1,1,0,0,5,5,1,1,1.0\n1,2,0,20,50,100,1,2,1.0\n"))
    assert len(tracked.table) == 2
    assert len(tracked.notes) == 1
    assert "rows of all classes are kept (1 Kunde, 1 Stapler)" in tracked.notes[0]


def test_of_visdrone_pedestrians_and_people_are_kept(tmp_path):
    rows = ["1,0,5,4,9,9,0,0,0,0", "1,1,6,6,4,9,1,1,0,0", "1,2,7,3,9,8,1,4,0,1", "2,3,7,3,9,8,1,2,1,2"]
    tracked = read(write(tmp_path / "uav_v.txt", "\n".join(rows)))
    assert tracked.table["class_id"].tolist() == [1, 2]
    assert tracked.notes[:2] == (
        "1 of 4 rows with flag 0 are excluded",
        "1 of 3 rows of other classes are excluded (1 car)",
    )
    with pytest.raises(
        InputError, match=r"no row is of the class pedestrian or people \(1 car, 1 ignored region\)"
    ):
        read(write(tmp_path / "cars.txt", f"{rows[0]}\n{rows[2]}\n".replace("9,9,0,0", "9,9,1,0")))


@pytest.mark.parametrize(
    ("name", "persons", "detections"),
    [
        ("boxmot-class0.txt", 2, 100),
        ("boxmot-det-index.txt", 3, 150),
        ("cvat-mot", 2, 100),
        ("visdrone.txt", 1, 3),
    ],
)
def test_files_of_boxmot_cvat_and_visdrone_have_their_people(real_data, name, persons, detections):
    video = Video(width=1280, height=720, frame_rate=25.0)
    tracked = read(real_data / "cases/trackers" / name, video=video)
    ids = tracked.table.index.get_level_values("person_index")
    assert (ids.nunique(), len(tracked.table)) == (persons, detections)
    assert tracked.notes


def test_in_gt_txt_the_flag_counts_with_ten_columns_too(tmp_path):
    text = "1,1,1,1,5,5,1,-1,-1,-1\n1,2,1,1,5,5,0,-1,-1,-1\n"
    assert len(read(write(tmp_path / "gt.txt", text)).table) == 1
    assert len(read(write(tmp_path / "result.txt", text)).table) == 2


def test_nine_columns_without_visibility_are_results_with_a_class(tmp_path):
    tracked = read(write(tmp_path / "a.txt", "1 1 1 1 5 5 0 2 -1\n"))
    assert tracked.table["class_id"].tolist() == [2]
    assert tracked.table["confidence"].tolist() == [0.0]


def test_a_sequence_folder_tells_size_rate_and_length(tmp_path):
    write(tmp_path / "Seq-1" / "seqinfo.ini", INI)
    file = write(tmp_path / "Seq-1" / "gt" / "gt.txt", "1,1,1,1,50,100,1,1,1\n2,1,1,1,50,100,1,1,1\n")
    for path in (tmp_path / "Seq-1", file):
        assert recognize(path).name == "mot"
        tracked = read_tracks(path)
        assert boxes(tracked) == [(0, 1, 0.0, 0.0, 0.25, 0.25), (100, 1, 0.0, 0.0, 0.25, 0.25)]
        assert tracked.video.duration == pd.Timedelta("3s")
        assert (tracked.video.width, tracked.video.height, tracked.video.frame_rate) == (200, 400, 10.0)
        assert tracked.video.name.startswith("Seq-1")


def test_what_seqinfo_says_goes_before_what_is_given(tmp_path):
    write(tmp_path / "seqinfo.ini", INI)
    assert read(write(tmp_path / "a.txt", ROWS), video=SMALL).video.width == 200


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("imWidth=3\n", "not an INI file"),
        ("[Sequence]\nframeRate=fast\n", "frameRate is 'fast'; expected a number above 0"),
        ("[Sequence]\nimWidth=-3\n", "imWidth is '-3'; expected a number above 0"),
        ("[Sequence]\nframeRate=nan\n", "frameRate is 'nan'"),
    ],
)
def test_a_broken_seqinfo_is_refused_by_name(tmp_path, text, said):
    file = write(tmp_path / "seqinfo.ini", text)
    with pytest.raises(InputError) as refused:
        read(write(tmp_path / "a.txt", ROWS))
    assert said in str(refused.value)
    assert str(file) in str(refused.value)


def test_id_minus_1_everywhere_is_detections_and_no_tracks(tmp_path):
    file = write(tmp_path / "det.txt", "1,-1,1,1,5,5,0.9,-1,-1,-1\n2,-1,1,1,5,5,0.9,-1,-1,-1\n")
    with pytest.raises(InputError, match=r"det.txt: the id is -1 or missing .* detections, not tracks"):
        read_tracks(file)


def test_some_ids_of_minus_1_are_left_out_and_counted(tmp_path):
    tracked = read(write(tmp_path / "a.txt", "1,-1,1,1,5,5,1\n1,2,1,1,5,5,1\n"), format="mot")
    assert len(tracked.table) == 1
    assert tracked.notes == ("1 rows without an id (untracked detections) are excluded",)


@pytest.mark.parametrize(
    ("video", "said"),
    [
        (Video(frame_rate=25.0), "the frame size is not known.*--frame-size"),
        (Video(width=1, height=1), r"the frame rate is not known.*--frame-rate N\)\.$"),
        (Video(), "the frame rate is not known.*--frame-rate N.*--frame-size WxH"),
        (Video(width=1, height=1, frame_rate=1e-9), "the frame rate is 1e-09"),
    ],
)
def test_a_size_or_rate_that_is_not_known_is_asked_for(tmp_path, video, said):
    with pytest.raises(ParameterError, match=said):
        read(write(tmp_path / "a.txt", ROWS), video=video)


@pytest.mark.parametrize(("name", "rows", "persons"), [("gt.txt", 359, 8), ("test.txt", 222, 13)])
def test_the_published_files_load_with_their_counts(real_data, name, rows, persons):
    file = real_data / "mot" / "TUD-Campus" / name
    assert recognize(file).name == "mot"
    tracked = read(file, video=Video(width=640, height=480, frame_rate=25.0))
    times, ids = (tracked.table.index.get_level_values(level) for level in (0, 1))
    assert (len(tracked.table), ids.nunique()) == (rows, persons)
    assert (times.min(), times.max()) == (pd.Timedelta(0), pd.Timedelta("2800ms"))
    expected = 0 if name == "gt.txt" else 1
    assert len(tracked.notes) == expected


BYTETRACK = "0,1,0.0,0.0,50.0,100.0,0.90,-1,-1,-1\n2,1,25.0,100.0,50.0,100.0,0.80,-1,-1,-1\n"
PLACES = [(0, 1, 0.0, 0.0, 0.5, 0.5), (80, 1, 0.25, 0.5, 0.5, 0.5)]


def test_bytetrack_counts_pixels_from_0_and_a_video_from_frame_0(tmp_path):
    file = write(tmp_path / "a.txt", BYTETRACK)
    assert recognize(file).name == "bytetrack"
    tracked = read(file)
    assert boxes(tracked) == PLACES
    assert len(tracked.notes) == 1
    assert "frames are counted from 0 (a frame 0 occurs in 'frame')" in tracked.notes[0]


def test_bytetrack_counts_pictures_from_1(tmp_path):
    text = BYTETRACK.replace("0,1,0.0", "1,1,0.0").replace("2,1,25", "3,1,25")
    tracked = read(write(tmp_path / "a.txt", text), format="bytetrack")
    assert boxes(tracked) == PLACES
    assert "counted from 1" in tracked.notes[0]


def test_the_caller_may_say_which_frame_is_the_first(tmp_path):
    file = write(tmp_path / "a.txt", BYTETRACK.replace("0,1,0.0", "1,1,0.0"))
    tracked = read(file, format="bytetrack", first_frame=0)
    assert [row[0] for row in boxes(tracked)] == [40, 80]
    assert tracked.notes == ()


def test_deepsort_of_its_authors_counts_from_1(tmp_path):
    text = "1,1,1.00,1.00,50.00,100.00,1,-1,-1,-1\n3,1,26.00,101.00,50.00,100.00,1,-1,-1,-1\n"
    tracked = read(write(tmp_path / "a.txt", text), format="deepsort")
    assert boxes(tracked) == PLACES
    assert tracked.notes == ("frames and pixels are counted from 1, as SORT and DeepSORT do",)


def test_deep_sort_pytorch_counts_from_0(tmp_path):
    text = "2,1,0,0,50,100,-1,-1,-1,-1\n4,1,25,100,50,100,-1,-1,-1,-1\n"
    tracked = read(write(tmp_path / "a.txt", text), format="deepsort")
    assert boxes(tracked) == [(80, 1, 0.0, 0.0, 0.5, 0.5), (160, 1, 0.25, 0.5, 0.5, 0.5)]
    assert "deep_sort_pytorch" in tracked.notes[0]
    assert "confidence" not in tracked.table


def test_frame_0_in_mot_text_is_its_first_frame(tmp_path):
    assert boxes(read(write(tmp_path / "a.txt", BYTETRACK), format="mot")) == PLACES


VISDRONE = "1,1,6,6,4,9,1,{0},0,0\n2,1,7,3,9,8,1,{1},1,2\n"
NO_CATEGORY = "columns 8 to 10 are not a category, truncation and occlusion"
SAME = "column 8 has the same value in every row, which does not prove a category"
NOT_MOT = "its first line is not a row of 6 or 7 or 9 or 10 or 11 numbers"
ONLY_BY_NAME = "only --format reads a file in this format, because its content cannot prove it"
REASONS = {
    "a folder of pictures": (mot.fits_mot, "v/a.jpg", "", "a folder without gt/gt.txt"),
    "a folder of results": (mot.fits_text, "v/a.txt", ROWS, "a folder"),
    "a folder of a sequence": (mot.fits_mot, "v/gt.txt", ROWS, None),
    "results": (mot.fits_mot, "a.txt", ROWS, None),
    "words": (mot.fits_text, "a.txt", "x,y\n", NOT_MOT),
    "eight numbers": (mot.fits_mot, "a.txt", "1,1,1,1,5,5,1,1\n", NOT_MOT),
    "a comment": (mot.fits_mot, "a.txt", "#1\n1,1,1,1,5,5,1\n", "it begins with a comment"),
    "no rows": (mot.fits_mot, "a.txt", "", NOT_MOT),
    "results of any name": (
        mot.fits_boxmot,
        "a.txt",
        "1,1,1,1,5,5,1,0,0.5\n",
        "not named tracks.txt, so only --format boxmot reads it",
    ),
    "BoxMOT": (mot.fits_boxmot, "tracks.txt", "1,1,1,1,5,5,1,0,0.5\n", None),
    "ten columns of BoxMOT": (
        mot.fits_boxmot,
        "tracks.txt",
        ROWS,
        "its first line is not a row of 9 numbers",
    ),
    "ByteTrack": (mot.fits_bytetrack, "a.txt", "0,1,1,1,5,5,0.9,-1,-1,-1\n", None),
    "corners of ByteTrack": (mot.fits_bytetrack, "a.txt", "0,1,1,1,5,5,0.9\n", mot.CORNERS),
    "widths of ByteTrack": (mot.fits_bytetrack, "a.txt", "0,1,5,1,5,5,0.9\n", None),
    "heights of ByteTrack": (mot.fits_bytetrack, "a.txt", "0,1,1,5,5,5,0.9\n", None),
    "a cut line of ByteTrack": (mot.fits_bytetrack, "a.txt", "0,1,1,1,5,5,0.9\n1,1,1\n", None),
    "frames from 1": (
        mot.fits_bytetrack,
        "a.txt",
        ROWS,
        "has no frame 0, although its demo counts the frames of a video from 0",
    ),
    "DeepSORT": (mot.fits_only_by_name, "a.txt", ROWS, ONLY_BY_NAME),
    "VisDrone by its name": (mot.fits_visdrone, "uav1_v.txt", VISDRONE.format(1, 1), None),
    "VisDrone by its categories": (mot.fits_visdrone, "a.txt", VISDRONE.format(1, 11), None),
    "a high category": (mot.fits_visdrone, "a.txt", VISDRONE.format(1, 12), NO_CATEGORY),
    "a category below 0": (mot.fits_visdrone, "a.txt", VISDRONE.format(1, -1), NO_CATEGORY),
    "a category with a fraction": (mot.fits_visdrone, "a.txt", VISDRONE.format(1, 2.5), NO_CATEGORY),
    "a truncation above 1": (
        mot.fits_visdrone, "a.txt", VISDRONE.format(1, 2).replace("1,2\n", "2,2\n"), NO_CATEGORY,
    ),
    "an occlusion above 2": (
        mot.fits_visdrone, "a.txt", VISDRONE.format(1, 2).replace("1,2\n", "1,3\n"), NO_CATEGORY,
    ),
    "pedestrians only": (mot.fits_visdrone, "a.txt", VISDRONE.format(1, 1), SAME),
    "zeros only": (mot.fits_visdrone, "a.txt", VISDRONE.format(0, 0), SAME),
    "one category": (mot.fits_visdrone, "a.txt", VISDRONE.format(4, 4), None),
    "a word": (mot.fits_visdrone, "a.txt", VISDRONE.format(1, "x"), "has a value that is not a number"),
}  # fmt: skip


@pytest.mark.parametrize(("fits", "name", "text", "reason"), REASONS.values(), ids=REASONS.keys())
def test_a_file_of_numbers_fits_a_format_or_the_reason_is_given(tmp_path, fits, name, text, reason):
    file = write(tmp_path / name, text)
    assert fits(read_sample(file.parent if "/" in name else file)) == reason


NOT_BOXMOT = (
    "columns 7 to 9 are not from BoxMOT, which writes 1,class,confidence or confidence,class,index. Read the "
    "file without --format boxmot, or as a table with columns (--columns)."
)
BOXMOT_FAULTS = {
    "ten columns": (ROWS, "BoxMOT writes nine values per line. Read the file without --format boxmot."),
    "two confidences": ("1,1,9,9,5,5,0.5,0,0.25\n", NOT_BOXMOT),
    "a folder": (None, "a folder without gt/gt.txt. Pass the file of the results."),
    "oriented boxes": (
        ",".join("1" * 13),
        "13 values per line are oriented boxes, which are not read. Save upright boxes.",
    ),
}


@pytest.mark.parametrize(("text", "said"), BOXMOT_FAULTS.values(), ids=BOXMOT_FAULTS.keys())
def test_what_boxmot_does_not_write_is_refused_with_what_to_do(tmp_path, text, said):
    file = write(tmp_path / "v" / "tracks.txt", text or ROWS)
    path = file.parent if text is None else file
    with pytest.raises(InputError) as refused:
        read(path, format="boxmot")
    assert str(refused.value) == f"{path}: {said}"


def test_early_boxmot_with_cut_confidences_says_so_and_whole_pixels_prove_it(tmp_path):
    note = "BoxMOT before version 10.0.40 cut confidences to 0 or 1: they are not read"
    tracked = read(
        write(tmp_path / "a.txt", "1,7,10,20,50,100,1,0,-1\n2,7,10,20,50,100,0,0,-1\n"), format="boxmot"
    )
    assert note in tracked.notes
    assert "confidence" not in tracked.table
    tracked = read(write(tmp_path / "a.txt", "1,7,10.5,20,50,100,1,0,-1\n"), format="boxmot")
    assert tracked.table["confidence"].tolist() == [1.0]


def test_a_class_of_minus_1_has_no_name_in_labels(tmp_path):
    write(tmp_path / "labels.txt", "person\ncar\n")
    tracked = read(
        write(tmp_path / "gt.txt", "1,1,0,0,5,5,1,-1,1\n1,2,0,20,50,100,1,1,1\n"), classes=["person"]
    )
    assert tracked.table.index.get_level_values("person_index").tolist() == [2]
    (dropped,) = read(write(tmp_path / "gt.txt", "1,3,0,0,5,5,0,1,1\n1,2,0,20,50,100,1,1,1\n")).report.dropped
    assert (dropped.rows, dropped.examples) == (1, (f"{tmp_path / 'gt.txt'}, line 1",))


def test_cameras_need_white_space_and_different_values_in_the_last_column(tmp_path):
    rows = "1 7 10 20 50 100 -1 -1 -1 {0}\n1 8 30 20 50 100 -1 -1 -1 {1}\n"
    for text, names in (
        (rows.format(0, 1), ["a-0", "a-1"]),
        (rows.format(-1, -1), ["a"]),
        (rows.format(0, 1).replace(" ", ","), ["a"]),
        (rows.format(0, 1).replace("100 -1", "100 0.5"), ["a"]),
    ):
        assert [one.name for one in find_videos(write(tmp_path / "a.txt", text), format="mot")] == names


@pytest.mark.parametrize(("path", "name"), [("S/gt/gt.txt", "S"), ("S/gt/a.txt", "a"), ("S/gt.txt", "gt")])
def test_a_sequence_is_named_after_its_folder_if_the_file_has_the_usual_name(tmp_path, path, name):
    assert read(write(tmp_path / path, "1,1,1,1,5,5,1,1,1\n")).video.name == name


def test_deepsort_without_confidences_counts_from_0(tmp_path):
    tracked = read(write(tmp_path / "a.txt", "1,1,0,0,50,100\n"), format="deepsort")
    assert boxes(tracked) == [(40, 1, 0.0, 0.0, 0.5, 0.5)]
    assert tracked.notes == ("frames and pixels are counted from 0, as deep_sort_pytorch does",)
