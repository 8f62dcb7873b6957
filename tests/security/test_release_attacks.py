"""Attacks on released datasets: only their files are read, and no code that releases them is used."""

import json
import re
from itertools import combinations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pages import page, record, write
from shapely.geometry import LineString, box, mapping

from ptrack_analysis import Video
from ptrack_analysis.dataset.export import export_dataset
from ptrack_analysis.dataset.manifest import read_manifest
from ptrack_analysis.errors import OutputError, PtrackWarning

ROWS, COLUMNS = 4, 4
ZONES = {"left": (0.25, 0.25, 0.5, 1), "right": (0.5, 0.5, 0.75, 1), "middle": (0.25, 0.5, 0.75, 0.75)}
"""Zones on the borders of the cells of the heatmap."""


def write_zones(path, zones, lines=()):
    shapes = {name: box(*sides) for name, sides in zones.items()}
    shapes |= {name: LineString(points) for name, points in dict(lines).items()}
    features = [
        {"type": "Feature", "properties": {"name": name}, "geometry": mapping(shape)}
        for name, shape in shapes.items()
    ]
    return write(path, {"type": "FeatureCollection", "unit": "fraction", "features": features})


def read(out, table):
    """Read the files of a table, without the manifest."""
    found = [pq.read_table(path) for path in sorted((out / table).rglob("*.parquet"))]
    return pa.concat_tables(found).to_pylist() if found else []


class Attack:
    """Solves the sums in the tables of presence of one video.

    An unknown is the presence of all people in one set of zones in one bin or one cell.
    """

    def __init__(self, out, video, zones):
        self.unknowns, self.known, self.hidden = {}, [], []
        self.places = self.find_places(zones)
        rows = {
            name: [row for row in read(out, name) if row["video"] == video]
            for name in ("occupancy", "zone_occupancy", "heatmap", "fundamental_diagram")
        }
        bins = sorted({row["timestamp_ms"] for row in rows["occupancy"]})
        cells = sorted({(row["row"], row["column"]) for row in rows["heatmap"]})
        for row in rows["occupancy"]:
            self.add(row, "", [("bin", place, row["timestamp_ms"]) for place in self.places])
        for row in rows["zone_occupancy"] + rows["fundamental_diagram"]:
            inside = [place for place in self.places if row["zone"] in place]
            self.add(row, row["zone"], [("bin", place, row["timestamp_ms"]) for place in inside])
        for row in rows["heatmap"]:
            cell = row["row"], row["column"]
            self.add(row, "cell", [("cell", *one) for one in self.in_cell(zones, cell)])
        for place in self.places:
            parts = [("bin", place, start) for start in bins]
            split = [("cell", *one) for cell in cells for one in self.in_cell(zones, cell) if one[0] == place]
            split += [("off", place)] if not place else []  # positions outside the image are in no cell
            self.known.append({**dict.fromkeys(parts, 1), **dict.fromkeys(split, -1)})
        names = {name for sum_ in self.known + [one for _, one in self.hidden] for name in sum_}
        self.unknowns = {name: number for number, name in enumerate(sorted(names, key=str))}

    @staticmethod
    def find_places(zones):
        sets = [one for size in range(len(zones) + 1) for one in combinations(zones, size)]
        places = []
        for names in sets:
            area = box(0, 0, 1, 1)
            for name, sides in zones.items():
                area = area & box(*sides) if name in names else area - box(*sides)
            if area.area > 1e-9:
                places.append(names)
        return places

    def in_cell(self, zones, cell):
        row, column = cell
        square = box(column / COLUMNS, row / ROWS, (column + 1) / COLUMNS, (row + 1) / ROWS)
        inside = tuple(name for name, sides in zones.items() if (box(*sides) & square).area > 1e-9)
        return [(inside, cell)]

    def add(self, row, what, names):
        value = row.get("person_seconds_s", row.get("seconds"))
        total = dict.fromkeys(names, 1)
        if value is None and row["suppressed"]:
            self.hidden.append(((what, row.get("timestamp_ms"), row.get("row"), row.get("column")), total))
        else:
            self.known.append(total)
            if value == 0:
                self.known += [{name: 1} for name in names]

    def solve(self):
        """List the withheld figures that follow."""
        matrix = self.matrix(self.known)
        _, sizes, basis = np.linalg.svd(matrix, full_matrices=True)
        free = basis[np.count_nonzero(sizes > 1e-9) :]
        wanted = self.matrix([total for _, total in self.hidden])
        open_ = np.abs(wanted @ free.T).max(axis=1, initial=0) > 1e-9
        return [name for (name, _), is_open in zip(self.hidden, open_, strict=True) if not is_open]

    def matrix(self, sums):
        made = np.zeros((len(sums), len(self.unknowns)))
        for number, total in enumerate(sums):
            for name, factor in total.items():
                made[number, self.unknowns[name]] += factor
        return made


def stay(index, x, y, since, until):
    """Make records of a person with foot point (x, y) as fractions of the image."""
    return [record(time, index, box=(x - 0.02, y - 0.2, 0.04, 0.2)) for time in range(since, until + 1, 100)]


def film(path, people):
    """Write pages of people, in order of time."""
    records = sorted((one for person in people for one in person), key=lambda one: one["Timestamp"])
    return write(path, page(*records, job=path.stem))


@pytest.fixture(scope="module")
def aligned(tmp_path_factory):
    """Export a zone of four cells, two of which have few people, beside two such cells outside."""
    folder = tmp_path_factory.mktemp("aligned")
    spots = [(0.3, 0.6, 6), (0.4, 0.9, 6), (0.6, 0.6, 6), (0.3, 0.4, 1), (0.9, 0.9, 1), (0.1, 0.3, 6)]
    people = [spot for spot in spots for _ in range(spot[2])]
    stays = [stay(index, x, y, 100 * index, 100 * index + 3000) for index, (x, y, _) in enumerate(people)]
    film(folder / "in/film.json", stays)
    zones = {"left": ZONES["left"]}
    export_dataset(
        folder / "in",
        folder / "out",
        zones=write_zones(folder / "zones.geojson", zones),
        min_count=3,
        shape=(ROWS, COLUMNS),
        tables="all",
    )
    return folder / "out", zones


def test_a_cell_does_not_follow_from_a_zone_and_its_other_cells(aligned):
    out, zones = aligned
    attack = Attack(out, "film", zones)
    assert len(attack.hidden) > 1
    assert attack.solve() == []


@pytest.mark.parametrize("least", [3, 5])
@pytest.mark.parametrize("names", [["left"], ["left", "right"], ["left", "right", "middle"]], ids=len)
def test_no_figure_of_the_sample_follows_from_zones_on_the_borders_of_cells(data, tmp_path, names, least):
    zones = {name: ZONES[name] for name in names}
    path = write_zones(tmp_path / "zones.geojson", zones)
    given = {"min_count": least, "shape": (ROWS, COLUMNS), "tables": "all", "every": "10s"}
    export_dataset(data / "day/pages", tmp_path / "out", zones=path, **given)
    for video in ("morning", "noon", "evening"):
        attack = Attack(tmp_path / "out", video, zones)
        assert attack.hidden
        assert attack.solve() == [], video


@pytest.mark.parametrize("salt", [None, b"0123456789abcdef"], ids=["no salt", "salt"])
@pytest.mark.parametrize(
    ("earlier", "now", "is_refused"),
    [
        ({}, {"end": "10s"}, True),
        ({"start": "5s"}, {}, True),
        ({"end": "10s"}, {"start": "9s"}, True),
        ({"end": "10s"}, {"start": "10s"}, False),
    ],
    ids=["part of all", "all", "overlap", "apart"],
)
def test_parts_of_a_video_that_overlap_are_not_released_together(
    data, tmp_path, earlier, now, is_refused, salt
):
    source, out = data / "day/pages", tmp_path / "out"
    export_dataset(source, out, min_count=3, salt=salt, **earlier)
    before = read(out, "videos")
    if not is_refused:
        export_dataset(source, out, min_count=3, salt=salt, **now)
        return
    said = r"are parts of one video that overlap in time.*ptrack remove .* --video \w+"
    with pytest.raises(OutputError, match=said):
        export_dataset(source, out, min_count=3, salt=salt, **now)
    assert read(out, "videos") == before


def test_parts_of_a_tracker_file_under_other_names_are_not_released_together(tmp_path):
    lines = [f"{frame},{person},10,20,50,100" for frame in range(1, 100) for person in range(1, 7)]
    file = write(
        tmp_path / "in.csv", "frame,id,left,top,width,height\n0,1,10,20,50,100\n" + "\n".join(lines) + "\n"
    )
    given = {"min_count": 3, "video": Video(width=1280, height=720, frame_rate=25.0)}
    export_dataset(file, tmp_path / "out", name="one", **given)
    with pytest.raises(OutputError, match="are parts of one video that overlap in time"):
        export_dataset(file, tmp_path / "out", name="two", start="1s", **given)


def test_the_files_of_a_release_have_no_path_of_the_source(data, tmp_path):
    """Look in the bytes of all files, in the statistics of Parquet files and in decoded metadata."""
    folder = tmp_path / "secret-folder"
    pages = data / "day/pages"
    for path in sorted(pages.rglob("*")):
        if path.is_file():
            write(folder / path.relative_to(pages), path.read_bytes())
    for name, given in {"salt": {"salt": b"0123456789abcdef"}, "count": {"min_count": 3}}.items():
        out = tmp_path / name
        export_dataset(folder, out, csv=True, tables="all", **given)
        for path in (one for one in out.rglob("*") if one.is_file()):
            content = path.read_bytes()
            if path.suffix == ".parquet":
                table = pq.read_table(path)
                content += repr((table.to_pylist(), table.schema.metadata)).encode()
            for secret in (b"secret-folder", b"person_index"):
                assert secret not in content, (path, secret)


@pytest.mark.parametrize(
    "given", [{"salt": b"0123456789abcdef"}, {"min_count": 3}, {"salt": b"0123456789abcdef", "min_count": 3}]
)
def test_a_path_in_the_file_of_a_tracker_is_not_released(tmp_path, given):
    box_of = '<box frame="{}" xtl="1" ytl="1" xbr="20" ybr="60" outside="0" occluded="0" keyframe="1"/>'
    boxes = "".join(map(box_of.format, range(30)))
    tracks = "".join(f'<track id="{number}" label="person">{boxes}</track>' for number in range(6))
    facts = "<source>{}</source><owner><username>secret-user</username></owner>"
    for path in ("/home/secret-user/film.mp4", "C:\\secret-user\\film.mp4", "secret-bucket/a/film.mp4"):
        meta = f"<meta><task>{facts.format(path)}</task></meta>"
        file = write(tmp_path / "in.xml", f"<annotations>{meta}{tracks}</annotations>")
        out = tmp_path / f"out-{len(path)}"
        video = Video(width=100, height=100, frame_rate=25.0)
        export_dataset(file, out, video=video, csv=True, **given)
        assert [row["source"] for row in read(out, "videos")] == ["film.mp4"]
        content = b"".join(one.read_bytes() for one in out.rglob("*.csv"))
        assert b"secret" not in content + repr(read(out, "videos")).encode()


def test_no_statistics_of_a_file_have_a_withheld_value(data, tmp_path):
    day = data / "day"
    zones, floor = day / "zones.geojson", day / "floor.json"
    export_dataset(day / "pages", tmp_path / "out", zones=zones, floor=floor, min_count=3, tables="all")
    for path in (tmp_path / "out").glob("[!_]*/*.parquet"):
        file = pq.ParquetFile(path)
        for number in range(file.num_row_groups):
            values = file.read_row_group(number)
            group = file.metadata.row_group(number)
            for index in range(group.num_columns):
                column = group.column(index)
                if (
                    not column.is_stats_set
                    or not column.statistics.has_min_max
                    or "." in column.path_in_schema
                ):
                    continue
                shown = [one for one in values[column.path_in_schema].to_pylist() if one is not None]
                bounds = {str(column.statistics.min), str(column.statistics.max)}
                assert bounds <= {*map(str, shown)} | {"0.0", "-0.0"}, (path, column.path_in_schema)


def test_the_manifest_of_a_release_counts_only_published_rows(data, tmp_path):
    day = data / "day"
    export_dataset(day / "pages", tmp_path / "out", zones=day / "zones.geojson", min_count=3, tables="all")
    manifest = pq.read_table(tmp_path / "out/_ptrack/manifest.parquet")
    for entry in manifest.to_pylist():
        rows = json.loads(entry["rows"])
        for table, count in rows.items():
            assert count == sum(row["video"] == entry["video"] for row in read(tmp_path / "out", table)), (
                table
            )
        assert json.loads(entry["figures"]) == {}
    mark = json.loads(manifest.schema.metadata[b"ptrack_analysis.dataset"])
    assert not re.search(r"persons\W+\d", json.dumps(mark))


def walk(index, y, since, xs=(0.2, 0.8)):
    """Make records of a person who walks along y within one second."""
    places = np.linspace(*xs, 11)
    return [record(since + 100 * n, index, box=(x - 0.02, y - 0.2, 0.04, 0.2)) for n, x in enumerate(places)]


UPPER, LOWER, ALL = [(0.5, 0), (0.5, 0.7)], [(0.5, 0.7), (0.5, 0.95)], [(0.51, 0), (0.51, 1)]
"""The first two lines together are beside the third, which is a little longer."""


def count_lines(folder, lines, ways, **given):
    """Export people who walk along y and back; return their counts by line and direction."""
    walks = [walk(index, y, 1500 * index) for index, y in enumerate(ways)]
    walks += [walk(index, y, 20_000 + 1500 * index, (0.8, 0.2)) for index, y in enumerate(ways)]
    film(folder / "in/film.json", walks)
    zones = write_zones(folder / "zones.geojson", {}, lines)
    export_dataset(folder / "in", folder / "out", zones=zones, tables="counts", **given)
    rows = read(folder / "out", "counts")
    return {(row["line"], way): row[f"{way}_count"] for row in rows for way in ("in", "out")}


@pytest.mark.parametrize(
    ("lines", "ways"),
    [
        ({"upper": UPPER, "all": ALL}, [0.5] * 6),
        ({"upper": UPPER, "all": ALL[::-1]}, [0.5] * 6),
        ({"upper": UPPER, "lower": LOWER, "all": ALL}, [0.5, 0.9] * 4),
    ],
    ids=["beside", "opposite directions", "two beside one"],
)
def test_a_person_who_misses_one_of_two_lines_does_not_follow_from_their_counts(tmp_path, lines, ways):
    """The difference of the counts is this person."""
    together = count_lines(tmp_path / "together", lines, ways, min_count=3)
    assert {*together.values()} == {len(ways), len(ways) // (len(lines) - 1)}
    plain = count_lines(tmp_path / "plain", lines, [*ways, 0.97])
    shown = count_lines(tmp_path / "shown", lines, [*ways, 0.97], min_count=3)
    for way, other in (("in", "out"), ("out", "in")):
        side = other if lines["all"] == ALL[::-1] else way
        figures = [("all", way), *((line, side) for line in lines if line != "all")]
        total, *parts = (plain[one] for one in figures)
        assert total - sum(parts) == 1
        assert None in [shown[one] for one in figures]


@pytest.mark.parametrize("lone", [[], [0.9]], ids=["together", "one person misses the inner zone"])
def test_a_visitor_of_only_the_outer_zone_does_not_follow_from_the_numbers_of_visits(tmp_path, lone):
    zones = {"inner": (0.3, 0.3, 0.7, 0.7), "outer": (0.2, 0.3, 0.8, 1)}
    walks = [walk(index, y, 1500 * index, (0, 0.9)) for index, y in enumerate([0.5] * 6 + lone)]
    film(tmp_path / "in/film.json", walks)
    path = write_zones(tmp_path / "zones.geojson", zones)
    export_dataset(tmp_path / "in", tmp_path / "out", zones=path, tables="dwell", min_count=3)
    visits = {row["zone"]: row["visits"] for row in read(tmp_path / "out", "dwell")}
    assert ({*visits.values()} == {6}) == (not lone)
    assert None in visits.values() or not lone


def release_stays(folder, zones, **given):
    """Export six people, four of whom stay in the zone left."""
    people = [stay(index, 0.3 + index % 3 * 0.1, 0.6, 1000, 4000) for index in range(6)]
    film(folder / "in/film.json", people)
    path = write_zones(folder / "zones.geojson", zones)
    export_dataset(folder / "in", folder / "out", zones=path, min_count=3, **given)


def test_a_second_edition_of_a_release_is_announced(tmp_path):
    release_stays(tmp_path, {"left": ZONES["left"]})
    release_stays(tmp_path, {"left": ZONES["left"]})
    with pytest.warns(
        PtrackWarning, match="film' has other zones, times or options than in an earlier export"
    ):
        release_stays(tmp_path, {"right": ZONES["right"]})


def test_the_manifest_of_a_release_does_not_list_the_selected_people(tmp_path):
    release_stays(tmp_path, ZONES, persons=[1, 2, 4, 5])
    (entry,) = read_manifest(tmp_path / "out").videos
    assert entry.parameters["persons"] == "withheld"
    with pytest.warns(
        PtrackWarning, match="film' has other zones, times or options than in an earlier export"
    ):
        release_stays(tmp_path, ZONES, persons=[1, 2, 4])


def test_no_dictionary_of_a_file_has_a_value_of_a_removed_row(data, tmp_path):
    export_dataset(data / "day/pages", tmp_path / "out", zones=data / "day/zones.geojson", min_count=3)
    for path in (tmp_path / "out").glob("[!_]*/*.parquet"):
        texts = [one.name for one in pq.read_schema(path) if pa.types.is_string(one.type)]
        table = pq.read_table(path, read_dictionary=texts)
        for name in texts:
            for chunk in table[name].chunks:
                stored, shown = chunk.dictionary.to_pylist(), chunk.to_pylist()
                assert {*stored} <= {*shown}, (path, name)
