"""Measure the structure of the package: modules, lines, duplicate names, lists of table names.

``python tools/structure.py`` counts in the source; ``--trace`` also runs two jobs on ``data/shop`` and counts
the modules and functions of the package that they pass through.
"""

import ast
import statistics
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "ptrack_analysis"
OF_COLUMNS = {"analysis", "clock", "summary", "report", "simulate"}


def trees():
    """Return the syntax tree of each module by its path in the package."""
    return {
        file.relative_to(PACKAGE): ast.parse(file.read_text(encoding="utf-8"))
        for file in sorted(PACKAGE.rglob("*.py"))
    }


def count_lines(path):
    """Return the number of lines of a module."""
    return len((PACKAGE / path).read_text(encoding="utf-8").splitlines())


def literals_of_tables(modules, tables):
    """Return the literals with at least two table names, outside schema and outputs.

    Lists in the folders of ``OF_COLUMNS`` are columns with the name of a table and are excluded.
    """
    found = []
    for path, tree in modules.items():
        if path.parts[0] in OF_COLUMNS or path.parts[0] == "schema" or path.name == "outputs.py":
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Dict):
                parts = node.keys
            elif isinstance(node, ast.Set | ast.Tuple | ast.List):
                parts = node.elts
            else:
                continue
            names = {part.value for part in parts if isinstance(part, ast.Constant)}
            if len(names & tables) > 1:
                found.append(f"{path}:{node.lineno} {sorted(names & tables)}")
    return found


def passed_through(job):
    """Run a job; return the modules and functions of the package that were called."""
    functions = set()

    def watch(frame, event, _):
        name = frame.f_code.co_filename
        if event == "call" and name.startswith(str(PACKAGE)) and not frame.f_code.co_name.startswith("<"):
            functions.add((name, frame.f_code.co_qualname))

    sys.setprofile(watch)
    try:
        job()
    finally:
        sys.setprofile(None)
    return len({name for name, _ in functions}), len(functions)


def export_visits():
    """Export the visits of the shop by the shell command."""
    from ptrack_analysis.cli import main  # noqa: PLC0415

    shop = ROOT / "data/shop"
    with TemporaryDirectory() as out:
        main(["export", str(shop), out, "--zones", str(shop / "zones.geojson"), "--tables", "visits"])


def compute_visits():
    """Read the shop, compute its visits and write them."""
    import ptrack_analysis as pta  # noqa: PLC0415

    shop = ROOT / "data/shop"
    detections, video = pta.read_tracking(shop)
    zones, _ = pta.read_zones(shop / "zones.geojson", video)
    visits = pta.compute_visits(pta.compute_trajectories(detections, video), zones, video)
    with TemporaryDirectory() as out:
        pta.write_parquet(visits, Path(out) / "visits.parquet")


def main():
    """Print the counts."""
    sys.path.insert(0, str(ROOT))
    from ptrack_analysis.pipeline.outputs import OUTPUTS  # noqa: PLC0415

    modules = trees()
    sizes = [count_lines(path) for path in modules]
    own = [size for path, size in zip(modules, sizes, strict=True) if path.name != "__init__.py"]
    classes = Counter(
        node.name for tree in modules.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)
    )
    bases = Counter(path.stem for path in modules if path.name != "__init__.py")
    functions = [
        node.name for tree in modules.values() for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)
    ]
    twice = sorted(name for name, times in classes.items() if times > 1)
    literals = literals_of_tables(modules, {*OUTPUTS})
    print(f"modules {len(modules)}, lines {sum(sizes)}, median module {statistics.median(own)}")
    small, large = sum(size <= 60 for size in own), sum(size > 400 for size in own)
    print(f"modules of at most 60 lines: {small}, above 400: {large}")
    print(f"class names used twice: {len(twice)} {twice}")
    print(f"module names used twice: {sorted(name for name, times in bases.items() if times > 1)}")
    print(f"functions named *_of: {sum(name.endswith('_of') for name in functions)}")
    print(f"literals with two or more table names: {len(literals)}")
    for literal in literals:
        print(f"  {literal}")
    if "--trace" in sys.argv:
        for job in (export_visits, compute_visits):
            files, called = passed_through(job)
            print(f"{job.__name__}: {files} modules, {called} functions")


if __name__ == "__main__":
    main()
