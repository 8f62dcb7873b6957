"""Formats of points: small files of each layout, and what is wrong with broken ones."""

import gzip
import json
import re
import sqlite3
from contextlib import closing

import numpy as np
import pandas as pd
import pytest
from pages import write
from shapely.geometry import box

from ptrack_analysis import (
    compute_trajectories,
    compute_visits,
    export_dataset,
    read_tracking,
)
from ptrack_analysis.cli import main
from ptrack_analysis.errors import InputError, ParameterError, PtrackError, PtrackWarning
from ptrack_analysis.scene.zones import Zone
from ptrack_analysis.schema import POINTS, validate
from ptrack_analysis.sources.finding import find_videos
from ptrack_analysis.sources.trackers.registry import read_tracks, recognize
from ptrack_analysis.video import Video

pytestmark = pytest.mark.filterwarnings("ignore::ptrack_analysis.errors.PtrackWarning")

ROWS = [(0, 1, 1.5, -2.0), (1, 1, 1.75, -2.25), (2, 1, 2.0, -2.5), (1, 2, 4.0, 3.0), (2, 2, 4.25, 3.5)]
"""Frame, id, x and y [m] of two people."""
TRAJECTORY = "CREATE TABLE trajectory_data (frame INTEGER, id INTEGER, pos_x REAL, pos_y REAL{})"


def database(path, *statements, rows=ROWS, fps="10.0"):
    """Write an SQLite database as JuPedSim's version 2 does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as base:
        if not statements:
            base.execute(TRAJECTORY.format(", ori_x REAL, ori_y REAL"))
            base.execute("CREATE TABLE metadata (key TEXT NOT NULL UNIQUE PRIMARY KEY, value TEXT NOT NULL)")
            base.executemany("INSERT INTO metadata VALUES (?, ?)", [("version", "2"), ("fps", fps)])
            base.execute("CREATE TABLE geometry (hash INTEGER, wkt TEXT)")
            base.execute("CREATE INDEX frame_id_idx ON trajectory_data (frame, id)")
            base.executemany("INSERT INTO trajectory_data VALUES (?, ?, ?, ?, 1, 0)", rows)
        for statement in statements:
            base.execute(statement)
        base.commit()
    return path


def h5(path, names=("id", "frame", "x", "y", "z"), **facts):
    h5py = pytest.importorskip("h5py", reason="h5py is not installed")
    kinds = {"id": "i8", "frame": "i8", "x": "f8", "y": "f8", "z": "f8"}
    values = [dict(zip(("frame", "id", "x", "y"), row, strict=True)) | {"z": 1.76} for row in ROWS]
    table = np.array(
        [tuple(row[name] for name in names) for row in values], [(name, kinds[name]) for name in names]
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        file.create_dataset("trajectory", data=table)
        file["trajectory"].attrs.update({"fps": 10.0} | facts)
        file.attrs["wkt_geometry"] = "POLYGON ((0 0, 1 0, 1 1, 0 0))"
    return path


def lines(*rows):
    return "".join(f"{row}\n" for row in rows)


def simple(head, form):
    return head + lines(*(form.format(t=frame / 10, id=who, x=x, y=y) for frame, who, x, y in ROWS))


VADERE = (
    "#IDXCOL=2,DATACOL=5,SEP=' '\n"
    "pedestrianId simTime endTime-PID1 startX-PID1 startY-PID1 endX-PID1 endY-PID1 targetId-PID2\n"
    "1 0.0 0.1 1.5 -2.0 1.75 -2.25 7\n"
    "1 0.1 0.2 1.75 -2.25 2.0 -2.5 7\n"
    "2 0.1 0.2 4.0 3.0 4.25 3.5 7\n"
)
VISWALK = simple(
    "$VISION\n* File: x.inpx\n* \n$VERSION:VERSNR\n17.00\n\n$PEDESTRIAN:NO;SIMSEC;COORDCENTX;COORDCENTY\n",
    "{id};{t};{x};{y}",
)
PATHFINDER = simple(
    '"t","id","name","active","x","y","z"\n"s","","","","m","m","m"\n',
    '{t},{id},"000{id}",1,{x},{y},0.0',
)
CROWDIT = gzip.compress(simple("time,pedID,posX,posY\n", "{t},{id},{x},{y}").encode())


def pathfinder_json(rows=ROWS, z=0.0):
    people = {}
    for frame, who, x, y in rows:
        people.setdefault(str(who), {})[f"{frame / 10}"] = {"position": {"x": x, "y": y, "z": z}, "speed": 1}
    return json.dumps(people)


def ndjson(*, fps=2.5, more=()):
    tracks = [{"track": {"f": 4 * frame, "p": who, "x": x, "y": y}} for frame, who, x, y in ROWS]
    return lines(
        json.dumps({"scene": {"id": 0, "p": 1, "s": 0, "e": 8, "fps": fps, "tag": 0}}),
        *map(json.dumps, [*tracks, *more]),
    )


def atc(scale=1000, z=1650):
    return lines(
        *(
            f"{1351651620 + frame / 10:.3f},{who},{x * scale},{y * scale},{z},900.5,-1.57,3.1"
            for frame, who, x, y in ROWS
        )
    )


def ind(folder, *, without="", rate="10", name="07_tracks.csv"):
    rows = [f"7,{who},{frame},0,{x},{y},0.0" for frame, who, x, y in [*ROWS, (0, 3, 9.0, 9.0)]]
    write(folder / name, lines("recordingId,trackId,frame,trackLifetime,xCenter,yCenter,heading", *rows))
    if without != "recordingMeta":
        write(folder / "07_recordingMeta.csv", f"recordingId,locationId,frameRate\n7,1,{rate}\n")
    if without != "tracksMeta":
        rows = [f"7,{who},{kind}" for who, kind in ((1, "pedestrian"), (2, "pedestrian"), (3, "car"))]
        write(folder / "07_tracksMeta.csv", lines("recordingId,trackId,class", *rows))
    return folder / name


FILES = {
    "jupedsim": lambda folder: database(folder / "a.sqlite"),
    "vadere": lambda folder: write(folder / "a.traj", VADERE),
    "viswalk": lambda folder: write(folder / "a.pp", VISWALK),
    "pathfinder-csv": lambda folder: write(folder / "a.csv", PATHFINDER),
    "pathfinder-json": lambda folder: write(folder / "a.json", pathfinder_json()),
    "crowdit": lambda folder: write(folder / "a.csv.gz", CROWDIT),
    "trajnet-lines": lambda folder: write(folder / "a.ndjson", ndjson()),
    "atc": lambda folder: write(folder / "atc-20121031.csv", atc()),
    "ind": ind,
    "hdf5": lambda folder: h5(folder / "a.h5"),
}
"""One small file of each format that has positions in a plane of meters."""
STEP = {"trajnet-lines": 400}
"""Milliseconds between the frames of ROWS; 100 for all others."""
ASSUMED = {
    "jupedsim": [],
    "vadere": [],
    "viswalk": ["coordinates are assumed to be in m"],
    "pathfinder-csv": [],
    "pathfinder-json": ["coordinates are assumed to be in m"],
    "crowdit": ["coordinates are assumed to be in m"],
    "trajnet-lines": ["coordinates are assumed to be in m"],
    "atc": ["coordinates are assumed to be in mm"],
    "ind": ["coordinates are assumed to be in m"],
    "hdf5": [],
}


@pytest.mark.parametrize("form", FILES)
def test_a_file_of_points_has_exact_times_and_positions(tmp_path, form):
    file = FILES[form](tmp_path / "in")
    assert recognize(file).name == form
    tracked = read_tracks(file)
    validate(tracked.table, POINTS)
    step = STEP.get(form, 100)
    expected = sorted((who, step * frame, x, y) for frame, who, x, y in ROWS)
    found = [
        (who, time.value // 10**6, row.x_m, row.y_m)
        for (who, time), row in zip(tracked.table.index, tracked.table.itertuples(), strict=True)
    ]
    assert found == expected
    assert tracked.video.y_axis == "up"
    assert [note.partition(",")[0] for note in tracked.report.assumptions] == ASSUMED[form]


@pytest.mark.parametrize("form", FILES)
def test_a_file_of_points_is_inspected_read_and_measured_in_meters(tmp_path, capsys, form):
    file = FILES[form](tmp_path / "in")
    assert main(["inspect", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)
    points, video = read_tracking(file)
    trajectories = compute_trajectories(points, video=video)
    zone = Zone("near", box(1.6, -3.0, 3.0, -1.0), "m")
    visits = compute_visits(trajectories, [zone], video).reset_index()
    assert visits["person_index"].tolist() == [1]
    assert visits["entered"].tolist() == [pd.Timedelta(STEP.get(form, 100), "ms")]


LOADERS = {
    "jupedsim": "load_trajectory_from_jupedsim_sqlite",
    "viswalk": "load_trajectory_from_viswalk",
    "pathfinder-csv": "load_trajectory_from_pathfinder_csv",
    "pathfinder-json": "load_trajectory_from_pathfinder_json",
    "crowdit": "load_trajectory_from_crowdit",
    "hdf5": "load_trajectory_from_ped_data_archive_hdf5",
}


@pytest.mark.parametrize("form", LOADERS)
def test_pedpy_reads_the_same_positions(tmp_path, form):
    pedpy = pytest.importorskip("pedpy", reason="PedPy is not installed")
    file = FILES[form](tmp_path)
    if form == "viswalk":  # PedPy knows one line before the comments
        write(file, VISWALK.replace("$VERSION:VERSNR\n17.00\n\n", ""))
    theirs = getattr(pedpy, LOADERS[form])(trajectory_file=file)
    rows = theirs.data.sort_values(["id", "frame"])
    ours = read_tracks(file).table
    assert ours[["x_m", "y_m"]].to_numpy().tolist() == rows[["x", "y"]].to_numpy().tolist()
    milliseconds = [
        (who, round(1000 * frame / theirs.frame_rate))
        for who, frame in zip(rows["id"], rows["frame"], strict=True)
    ]
    assert [(who, time.value // 10**6) for who, time in ours.index] == milliseconds


def refuse(file, said, error=InputError, **given):
    """Check that a file is refused in one sentence, in Python and in the shell."""
    with pytest.raises(error, match=said) as refused:
        read_tracks(file, **given)
    assert "\n" not in str(refused.value)
    return refused.value


def cut(file, size=None):
    content = file.read_bytes()
    file.write_bytes(content[: size or len(content) * 2 // 3])
    return file


TRUNCATED = {
    "jupedsim": "cannot be read as an SQLite database: .*damaged or incomplete",
    "vadere": r"line 5: has \d values; the first line has 8",
    "viswalk": r"line 12: .*",
    "pathfinder-csv": r"line 7: has \d values",
    "pathfinder-json": "JSON ends early|truncated|incomplete",
    "crowdit": "gzip",
    "trajnet-lines": r"line 6: ",
    "atc": r"line 5: has \d values",
    "hdf5": "cannot be read as HDF5",
}


@pytest.mark.parametrize("form", TRUNCATED)
def test_a_truncated_file_of_points_is_refused(tmp_path, capsys, form):
    file = FILES[form](tmp_path)
    content = file.read_bytes()
    size = {"vadere": -10, "viswalk": -7, "pathfinder-csv": -12, "atc": -12, "trajnet-lines": -12}.get(form)
    cut(file, size and len(content) + size)
    refuse(file, TRUNCATED[form], PtrackError, format=form)
    assert main(["summary", str(file), "--format", form]) == 3
    assert capsys.readouterr().err.count("\n") == 1


def test_a_database_of_any_version_is_read_by_its_columns(tmp_path):
    old = database(
        tmp_path / "old.sqlite",
        TRAJECTORY.format(""),
        "CREATE TABLE metadata (key TEXT, value TEXT)",
        "INSERT INTO metadata VALUES ('version', '1'), ('fps', '10')",
        "INSERT INTO trajectory_data VALUES (3, 1, 1.5, 2)",
    )
    tracked = read_tracks(old)
    assert tracked.table.index.tolist() == [(1, pd.Timedelta("300ms"))]
    assert tracked.notes == ()
    assert read_tracks(database(tmp_path / "a.sqlite")).notes == (
        "the geometry of the simulation is not read",
    )


def test_a_database_without_a_rate_needs_one(tmp_path):
    file = database(
        tmp_path / "a.sqlite", TRAJECTORY.format(""), "INSERT INTO trajectory_data VALUES (1, 1, 0, 0)"
    )
    refuse(file, "the frame rate is not known", ParameterError)
    assert read_tracks(file, video=Video(frame_rate=10.0)).table.index[0] == (1, pd.Timedelta("100ms"))


def test_rows_of_a_database_without_an_id_are_left_out_and_counted(tmp_path):
    file = database(tmp_path / "a.sqlite", rows=[*ROWS, (0, None, 1, 1)])
    with pytest.warns(PtrackWarning, match="1 rows without an id .*are excluded"):
        tracked = read_tracks(file)
    assert len(tracked.table) == len(ROWS)


def test_values_of_several_types_are_joined_over_parts_of_a_database(tmp_path, monkeypatch):
    monkeypatch.setattr("ptrack_analysis.sources.trackers.jupedsim._CHUNK", 2)
    rows = [(0, 1, 1, 2), (1, 1, 1.5, 2.5), (2, 1, "2.5", 3), (3, "1", 3, 4)]
    file = database(tmp_path / "a.sqlite", "CREATE TABLE trajectory_data (frame, id, pos_x, pos_y)")
    with closing(sqlite3.connect(file)) as base:
        base.executemany("INSERT INTO trajectory_data VALUES (?, ?, ?, ?)", rows)
        base.commit()
    tracked = read_tracks(file, video=Video(frame_rate=10.0))
    assert tracked.table["x_m"].tolist() == [1.0, 1.5, 2.5, 3.0]
    assert tracked.table.index.get_level_values("person_index").unique().tolist() == [1]


ENDLESS = (
    "CREATE VIEW trajectory_data AS WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n) "
    "SELECT i AS frame, 1 AS id, 0.0 AS pos_x, 0.0 AS pos_y FROM n"
)
NO_JUPEDSIM = {
    "another database": (["CREATE TABLE a (b)"], "has no table 'trajectory_data'.*tables are 'a'. Export"),
    "an endless view": ([ENDLESS], "has no table 'trajectory_data'"),
    "a virtual table": (
        ["CREATE VIRTUAL TABLE trajectory_data USING fts5(frame, id, pos_x, pos_y)"],
        "has no table 'trajectory_data'",
    ),
    "a missing column": (
        ["CREATE TABLE trajectory_data (frame, id, x, y)"],
        "has no column 'pos_x'; its columns are 'frame', 'id', 'x', 'y'",
    ),
    "a generated column": (
        ["CREATE TABLE trajectory_data (frame, id, pos_x, a, pos_y AS (hex(zeroblob(1000000000))))"],
        "has no column 'pos_y'",
    ),
    "many tables": ([f"CREATE TABLE t{n} (a)" for n in range(500)], "its tables are 't0', .* more. Export"),
}


@pytest.mark.parametrize(("statements", "said"), NO_JUPEDSIM.values(), ids=NO_JUPEDSIM.keys())
def test_a_database_of_something_else_is_answered_as_what_it_is(tmp_path, capsys, statements, said):
    file = database(tmp_path / "a.sqlite", *statements)
    refuse(file, said)
    refuse(file, said, format="jupedsim")
    assert main(["summary", str(file)]) == 3
    assert capsys.readouterr().err.count("\n") == 1


def test_a_database_whose_schema_takes_too_long_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("ptrack_analysis.sources.trackers.jupedsim._SCHEMA_SECONDS", 0.0)
    monkeypatch.setattr("ptrack_analysis.sources.trackers.jupedsim._STEPS", 1)
    refuse(database(tmp_path / "a.sqlite"), "reading the SQLite database takes too long")


BROKEN_DATABASES = {
    "text": ("id frame x y\n", "cannot be read as an SQLite database: file is not a database"),
    "a header": (b"SQLite format 3\0", "cannot be read as an SQLite database"),
}


@pytest.mark.parametrize(("content", "said"), BROKEN_DATABASES.values(), ids=BROKEN_DATABASES.keys())
def test_a_file_that_is_no_database_is_refused(tmp_path, content, said):
    refuse(write(tmp_path / "a.sqlite", content), said, format="jupedsim")


def test_a_database_that_is_still_written_is_refused(tmp_path):
    file = database(tmp_path / "a.sqlite")
    with closing(sqlite3.connect(file)) as base:
        base.execute("PRAGMA journal_mode = WAL")
        base.execute("INSERT INTO trajectory_data VALUES (9, 9, 9, 9, 1, 0)")
        base.commit()
        refuse(
            file,
            r"the log a.sqlite-wal has rows that are not in the file yet. Close",
            format="jupedsim",
        )
    assert len(read_tracks(file).table) == len(ROWS) + 1


def test_a_database_is_not_changed_and_its_triggers_do_not_run(tmp_path):
    file = database(tmp_path / "a.sqlite")
    with closing(sqlite3.connect(file)) as base:
        base.execute(
            "CREATE TRIGGER t AFTER INSERT ON trajectory_data BEGIN DELETE FROM trajectory_data; END"
        )
        base.commit()
    content = file.read_bytes()
    assert len(read_tracks(file).table) == len(ROWS)
    assert file.read_bytes() == content
    assert [path.name for path in tmp_path.iterdir()] == ["a.sqlite"]


def test_a_zipped_database_is_read(tmp_path):
    zipped = write(tmp_path / "a.sqlite.gz", gzip.compress(database(tmp_path / "b.sqlite").read_bytes()))
    assert len(read_tracks(zipped).table) == len(ROWS)


VALUES = {
    "a text": ((0, 1, "x", 0.0), "row 6: pos_x is 'x'; expected a number"),
    "no position": ((0, 3, None, 0.0), "row 6: pos_x is None; expected a number"),
    "a fraction of a frame": ((0.5, 3, 0.0, 0.0), "row 6: frame is 0.5; expected a whole number"),
    "a negative frame": ((-1, 3, 0.0, 0.0), "row 6: frame is -1"),
    "far away": ((0, 3, 1e300, 0.0), "row 6: pos_x is 1e.300; expected a number from"),
}


@pytest.mark.parametrize(("row", "said"), VALUES.values(), ids=VALUES.keys())
def test_a_wrong_value_in_a_database_is_refused_with_its_row(tmp_path, row, said):
    refuse(database(tmp_path / "a.sqlite", rows=[*ROWS, row]), f"table trajectory_data, {said}")


@pytest.mark.parametrize("form", ["jupedsim", "crowdit", "ind"])
def test_frames_that_restart_are_refused(tmp_path, form):
    twice = [*ROWS, *((frame, who, x + 5, y) for frame, who, x, y in ROWS)]
    if form == "jupedsim":
        file = database(tmp_path / "a.sqlite", rows=twice)
    elif form == "crowdit":
        file = write(
            tmp_path / "a.csv",
            lines("time,pedID,posX,posY", *(f"{f / 10},{i},{x},{y}" for f, i, x, y in twice)),
        )
    else:
        file = ind(tmp_path)
        again = [f"7,{who},{frame},0,{x},{y},0.0" for frame, who, x, y in twice]
        write(file, lines("recordingId,trackId,frame,trackLifetime,xCenter,yCenter,heading", *again))
    refuse(file, "repeat the id and time")


def test_the_ends_of_steps_count_where_a_person_pauses(tmp_path):
    file = write(
        tmp_path / "a.traj",
        "#IDXCOL=2,DATACOL=5,SEP=' '\n"
        "pedestrianId simTime endTime-PID1 startX-PID1 startY-PID1 endX-PID1 endY-PID1\n"
        "1 2.0 2.5 1 0 2 0\n"
        "1 0.0 0.5 0 0 1 0\n",
    )
    tracked = read_tracks(file)
    assert [time.total_seconds() for _, time in tracked.table.index] == [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]
    assert tracked.table["x_m"].tolist() == [0.0, 1.0, 1.0, 1.0, 1.0, 2.0]
    assert "2 positions of people who stand still between two steps are added" in tracked.notes
    moved = write(tmp_path / "b.traj", file.read_text().replace("1 2.0 2.5 1 0", "1 2.0 2.5 1.5 0"))
    assert [time.total_seconds() for _, time in read_tracks(moved).table.index] == [0.0, 0.5, 2.0, 2.5]


FAULTS = {
    "vadere: a step that ends early": (
        "a.traj",
        VADERE.replace("0.1 0.2 4.0", "0.1 0.0 4.0"),
        "line 5: endTime-PID1 is .*0.*; expected a time from 0.1 on",
    ),
    "vadere: two processors": (
        "a.traj",
        VADERE.replace("targetId-PID2", "startX-PID2"),
        r"the column 'startX' occurs 2 times \('startX-PID1', 'startX-PID2'\)",
    ),
    "vadere: no number": ("a.traj", VADERE.replace("4.0 3.0", "x 3.0"), "line 5: startX-PID1 is 'x'"),
    "viswalk: no table": ("a.pp", "$VISION\n* a\n", "has no line that begins with '.PEDESTRIAN:'"),
    "viswalk: no position": (
        "a.pp",
        VISWALK.replace("COORDCENTX", "X"),
        "column 'COORDCENTX' is missing; the columns are 'NO', 'SIMSEC', 'X', 'COORDCENTY'",
    ),
    "viswalk: a negative time": ("a.pp", VISWALK.replace("1;0.0;", "1;-1;"), "line 8: SIMSEC is '?-1"),
    "viswalk: no number": ("a.pp", VISWALK.replace(";3.0", ";x"), "line 11: COORDCENTY is 'x'"),
    "pathfinder: feet": (
        "a.csv",
        PATHFINDER.replace('"m"', '"ft"'),
        "line 2: the unit of x is 'ft'; expected m, cm",
    ),
    "pathfinder: no number": ("a.csv", PATHFINDER.replace(",4.0,", ",x,"), "line 6: x is 'x'"),
    "pathfinder: no time": ("a.json", pathfinder_json().replace('"0.2"', '"x"'), "id 1, row 3: t is 'x'"),
    "pathfinder: no position": ("a.json", pathfinder_json().replace("4.0", '"x"'), "id 2: .*Expected `float"),
    "crowdit: no position": ("a.csv", "time,pedID,posX,posY\n0.0,1,,2\n", "line 2: posX is ''"),
    "trajnet++: no number": (
        "a.ndjson",
        ndjson(more=[{"track": {"f": 1, "p": 1, "x": "a"}}]),
        "line 7: .*Expected `float",
    ),
    "trajnet++: a huge id": (
        "a.ndjson",
        ndjson(more=[{"track": {"f": 1, "p": 10**20, "x": 1, "y": 2}}]),
        "line 7: Expected `int` ",
    ),
    "trajnet++: two rates": (
        "a.ndjson",
        ndjson(more=[{"scene": {"fps": 5.0}}]),
        r"several values of fps \(2.5, 5\)",
    ),
    "trajnet++: no rate": ("a.ndjson", ndjson(fps=0), "fps is 0; expected a number above 0"),
    "atc: in meters": ("a.csv", atc(scale=1, z=1.65), "column 5. is 1.65, which is not mm. Pass unit='m'"),
}


@pytest.mark.parametrize(("name", "content", "said"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_in_a_file_of_points_is_refused_with_its_place(tmp_path, name, content, said):
    refuse(write(tmp_path / name, content), said, PtrackError)


@pytest.mark.parametrize("form", ["viswalk", "pathfinder-json", "trajnet-lines"])
def test_centimeters_are_not_read_as_meters(tmp_path, form):
    rows = [(frame, who, 10.0 * frame, 100.0 * who) for who in (1, 2) for frame in range(60)]
    content = {
        "viswalk": lambda: lines(
            "$VISION",
            "$PEDESTRIAN:NO;SIMSEC;COORDCENTX;COORDCENTY",
            *(f"{i};{f / 10};{x};{y}" for f, i, x, y in rows),
        ),
        "pathfinder-json": lambda: pathfinder_json([(f, i, x, y) for f, i, x, y in rows]),
        "trajnet-lines": lambda: lines(
            *(json.dumps({"track": {"f": 4 * f, "p": i, "x": x, "y": y}}) for f, i, x, y in rows)
        ),
    }[form]()
    file = write(
        tmp_path / ("a.json" if "json" in form else "a.ndjson" if "lines" in form else "a.pp"), content
    )
    refuse(file, r"faster than anyone runs.*--unit cm")
    assert read_tracks(file, unit="cm").table["x_m"].max() == pytest.approx(5.9)


def test_heights_of_several_floors_are_said(tmp_path):
    file = write(tmp_path / "a.csv", PATHFINDER.replace("4.25,3.5,0.0", "4.25,3.5,3.5"))
    assert read_tracks(file).report.assumptions == (
        "z is from 0 to 3.5: people on all floors are read into one plane",
    )


def test_further_predictions_are_left_out_and_counted(tmp_path):
    more = [{"track": {"f": 0, "p": 1, "x": 9, "y": 9, "prediction_number": n}} for n in (1, 2)]
    tracked = read_tracks(write(tmp_path / "a.ndjson", ndjson(more=more)))
    assert len(tracked.table) == len(ROWS)
    (dropped,) = tracked.report.dropped
    assert dropped.text == "2 rows of further predictions (prediction_number above 0) are excluded"
    assert tracked.video.frame_rate == 10.0


def test_atc_in_meters_needs_its_unit(tmp_path):
    file = write(tmp_path / "a.csv", atc(scale=1, z=1.65))
    tracked = read_tracks(file, unit="m")
    assert tracked.table["x_m"].tolist() == [1.5, 1.75, 2.0, 4.0, 4.25]
    clocks = write(tmp_path / "b.csv", atc().replace("1351651620.2", "1351651620200.0"))
    refuse(clocks, "line 3: time is .*1351651620200.*: the table has two clocks", format="atc")
    assert tracked.video.started_at.isoformat() == "2012-10-31T02:47:00+00:00"


def test_tracks_of_ind_need_the_files_beside_them(tmp_path):
    refuse(
        ind(tmp_path / "a", without="tracksMeta"),
        "07_tracksMeta.csv is missing, which states which tracks are people",
    )
    file = ind(tmp_path / "b", without="recordingMeta")
    refuse(file, r"07_recordingMeta.csv is missing, which states the frame rate.*--frame-rate")
    assert len(read_tracks(file, video=Video(frame_rate=10.0)).table) == len(ROWS)
    refuse(ind(tmp_path / "c", rate="fast"), r"frameRate in its recordingMeta file is \['fast'\]")
    refuse(ind(tmp_path / "d", name="other.csv"), "the name must end with _tracks.csv")
    file = ind(tmp_path / "e")
    write(file.with_name("07_tracksMeta.csv"), "recordingId,trackId,class\n7,1,pedestrian\n")
    refuse(file, "line 5: trackId is .*2.*; expected a track of the tracksMeta file")


def test_people_of_ind_are_chosen_by_their_class(tmp_path):
    tracked = read_tracks(ind(tmp_path))
    assert tracked.report.dropped[0].text == "1 of 6 rows of other classes are excluded (1 car)"
    assert tracked.table["class_name"].unique().tolist() == ["pedestrian"]
    assert len(read_tracks(ind(tmp_path), classes=["car"]).table) == 1


def test_a_folder_of_ind_is_a_video_per_recording_with_the_files_beside_it(tmp_path):
    ind(tmp_path)
    for kind in ("tracks", "tracksMeta", "recordingMeta"):
        write(tmp_path / f"08_{kind}.csv", (tmp_path / f"07_{kind}.csv").read_text())
    videos = find_videos(tmp_path)
    assert [video.name for video in videos] == ["07_tracks", "08_tracks"]
    names = ["08_tracks.csv", "08_recordingMeta.csv", "08_tracksMeta.csv"]
    assert [file.name for file in videos[1].files] == names


def event(number, camera="front", label="person", *, is_nested=True):
    path = [[[0.25, 0.5 + number / 10], 1718987129.0 + number + step / 2] for step in range(2)]
    data = {"data": {"path_data": path}} if is_nested else {"path_data": path}
    return {
        "id": f"1718987129.3-x{number}",
        "label": label,
        "camera": camera,
        "start_time": 1718987129.3,
    } | data


def test_paths_of_frigate_become_pixels(tmp_path, capsys):
    events = [
        event(0),
        event(1, is_nested=False),
        event(2, label="car"),
        {"id": "n", "camera": "front", "label": "dog"},
    ]
    file = write(tmp_path / "events.json", json.dumps(events))
    assert recognize(file).name == "frigate"
    video = Video(width=640, height=400)
    tracked = read_tracks(file, video=video)
    assert tracked.table[["x_px", "y_px"]].to_numpy().tolist() == [[160.0, 200.0]] * 2 + [[160.0, 240.0]] * 2
    assert [time.total_seconds() for _, time in tracked.table.index] == [0.0, 0.5, 1.0, 1.5]
    assert tracked.table["source_id"].unique().tolist() == ["1718987129.3-x0", "1718987129.3-x1"]
    assert tracked.video.y_axis == "down"
    assert "only after a movement of 5 % of the frame" in tracked.report.assumptions[0]
    assert "1 of 4 events have no path_data" in tracked.notes
    refuse(file, "the frame size is not known", ParameterError)
    single = write(tmp_path / "event.json", json.dumps(event(0)))
    assert len(read_tracks(single, video=video).table) == 2
    size = ["--frame-size", "640x400"]
    for command in (["inspect", file], ["summary", file], ["export", file, tmp_path / "out"]):
        assert main([*map(str, command), *size]) == 0, capsys.readouterr().err


def test_cameras_of_frigate_are_videos(tmp_path):
    file = write(tmp_path / "events.json", json.dumps([event(0), event(1, camera="back")]))
    videos = find_videos(file)
    assert [video.name for video in videos] == ["events-front", "events-back"]
    assert [video.points_unit for video in videos] == ["px", "px"]
    points, _ = read_tracking(videos[1], video=Video(width=640, height=400))
    assert points["y_px"].tolist() == [240.0, 240.0]


FRIGATE_FAULTS = {
    "no number": (json.dumps([event(0)]).replace("0.25", '"x"'), "Expected `float"),
    "pixels": (
        json.dumps([event(0)]).replace("0.25", "320"),
        r"position 1: x is 320.*; expected a number from -1 to 2",
    ),
    "truncated": (json.dumps([event(0)])[:-9], "JSON ends early|incomplete|truncated"),
}


@pytest.mark.parametrize(("content", "said"), FRIGATE_FAULTS.values(), ids=FRIGATE_FAULTS.keys())
def test_a_fault_in_events_of_frigate_is_refused(tmp_path, content, said):
    file = write(tmp_path / "a.json", content)
    refuse(file, said, PtrackError, video=Video(width=640, height=400))


def test_hdf5_without_h5py_names_the_extra(tmp_path, monkeypatch):
    file = write(tmp_path / "a.h5", b"\x89HDF\r\n\x1a\n" + bytes(96))
    monkeypatch.setitem(__import__("sys").modules, "h5py", None)
    refuse(file, re.escape("pip install 'ptrack-analysis[hdf5]'"), ParameterError)


def test_hdf5_of_something_else_is_refused(tmp_path):
    h5py = pytest.importorskip("h5py", reason="h5py is not installed")
    refuse(h5(tmp_path / "a.h5", names=("id", "frame", "x")), "'trajectory' has no field 'y'; its fields are")
    refuse(h5(tmp_path / "b.h5", fps="fast"), "fps is 'fast'; expected a number above 0")
    with h5py.File(tmp_path / "c.h5", "w") as file:
        file["a"] = [1, 2]
        file["b"] = h5py.ExternalLink("a.h5", "trajectory")
    refuse(tmp_path / "c.h5", "has no dataset 'trajectory'.*; has 'a', 'b'")
    with h5py.File(tmp_path / "d.h5", "w") as file:
        file["trajectory"] = h5py.ExternalLink("a.h5", "trajectory")
    with h5py.File(tmp_path / "f.h5", "w") as file:
        kinds = [("id", "i8"), ("frame", "i8"), ("x", "f8"), ("y", "f8")]
        file.create_dataset("trajectory", shape=(10**8,), dtype=kinds, chunks=(1000,))
    refuse(tmp_path / "f.h5", "decompresses to more than 200 times its 0 bytes")
    refuse(tmp_path / "d.h5", "is not a dataset that is stored in the file itself")
    assert read_tracks(h5(tmp_path / "e.h5")).notes == ("the geometry of the experiment is not read",)


def test_an_export_computes_tracks_of_ind_again_if_a_file_beside_them_changes(tmp_path):
    file = ind(tmp_path / "in")
    assert [video.status for video in export_dataset(file, tmp_path / "out").videos] == ["written"]
    assert [video.status for video in export_dataset(file, tmp_path / "out").videos] == ["unchanged"]
    write(
        file.with_name("07_tracksMeta.csv"), "recordingId,trackId,class\n7,1,pedestrian\n7,2,car\n7,3,car\n"
    )
    assert [video.status for video in export_dataset(file, tmp_path / "out").videos] == ["written"]
