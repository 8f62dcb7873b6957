"""Relations between the tables of a dataset."""

from collections import defaultdict

from ptrack_analysis.dataset.dimensions import DIMENSIONS
from ptrack_analysis.dataset.relations import RELATIONS
from ptrack_analysis.pipeline.outputs import FACTS, OUTPUTS


def find_paths():
    """Find the tables on each path by which a filter on one table reaches another over active relations."""
    filtered = defaultdict(list)
    for relation in RELATIONS:
        if relation.active:
            filtered[relation.to].append(relation.table)
    found = defaultdict(list)
    for path in (path for table in [*filtered] for path in walk(filtered, (table,))):
        found[path[0], path[-1]].append(path)
    return dict(found)


def walk(filtered, path):
    """Return every path that continues this path by at least one table."""
    for table in filtered.get(path[-1], ()):
        yield (*path, table)
        yield from walk(filtered, (*path, table))


def test_a_filter_reaches_each_table_in_one_way() -> None:
    assert {pair: paths for pair, paths in find_paths().items() if len(paths) > 1} == {}


def list_column_names(name):
    """List the columns of a table as the dataset stores them, with those that every fact gets."""
    table = DIMENSIONS[name].table if name in DIMENSIONS else OUTPUTS[name].table
    names = {column.name for column in (*table.key, *table.columns)}
    if name in FACTS:
        names |= {"video", "local_date"} | ({"person"} if table.names_people else set())
    return names


def test_every_relation_joins_two_declared_columns_and_refers_to_a_key() -> None:
    for relation in RELATIONS:
        assert relation.column in list_column_names(relation.table), relation
        assert relation.key in list_column_names(relation.to), relation
        if relation.to in DIMENSIONS:
            assert DIMENSIONS[relation.to].table.key_names == [relation.key]


def test_videos_dates_and_sites_filter_each_fact() -> None:
    paths = find_paths()
    for fact in FACTS:
        if fact != "videos":
            assert {("videos", fact), ("dates", fact), ("sites", fact)} <= set(paths)


def test_zones_and_lines_filter_the_facts_about_them() -> None:
    reached = {(start, end) for start, end in find_paths() if start in ("zones", "lines")}
    assert reached == {
        ("zones", "visits"),
        ("zones", "zone_occupancy"),
        ("zones", "dwell"),
        ("zones", "transitions"),
        ("lines", "crossings"),
    }


def test_every_inactive_relation_would_open_a_second_way_or_joins_two_dimensions() -> None:
    reached = set(find_paths())
    for relation in RELATIONS:
        if relation.active:
            continue
        starts = {start for start, end in reached if end == relation.to} | {relation.to}
        ends = {end for start, end in reached if start == relation.table} | {relation.table}
        assert any((start, end) in reached for start in starts for end in ends)
