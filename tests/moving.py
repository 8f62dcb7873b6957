"""A small archive and what an export of it holds, for tests of runs that are cut short or shared out."""

from pages import page, record, write

LEFT = [[[0.0, 0.0], [0.5, 0.0], [0.5, 1.0], [0.0, 1.0], [0.0, 0.0]]]


def make_archive(folder, videos, *, broken=()):
    """Write pages of so many videos of one person each, who walks to the right; some of them broken."""
    for number in range(videos):
        records = [
            record(ms, 1, box=(0.1 + ms / 2000, 0.2, 0.1, 0.4)) for ms in range(0, 600 + 100 * number, 100)
        ]
        made = page(*records, job=f"job-{number}")
        if number in broken:
            made["Persons"][0]["Timestamp"] = -1
        write(folder / "pages" / f"v{number:03}" / "p.json", made)
    feature = {
        "type": "Feature",
        "properties": {"name": "left"},
        "geometry": {"type": "Polygon", "coordinates": LEFT},
    }
    zones = {"type": "FeatureCollection", "unit": "fraction", "features": [feature]}
    write(folder / "zones.geojson", zones)
    return folder / "pages"


def tree(folder):
    """Give the content of every file of a dataset, but for what runs note for themselves."""
    files = (path for path in folder.rglob("*") if path.is_file() and ".ptrack" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def statuses(summary):
    return [video.status for video in summary.videos]
