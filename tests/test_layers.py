"""Imports point down only, and what is heavy comes late."""

import ast
import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import ptrack_analysis

PACKAGE = Path(__file__).parent.parent / "ptrack_analysis"
LAYERS = [
    {"cards", "errors", "public_names"},
    {"geometry", "limits"},
    {"schema", "video"},
    {"storage"},
    {"scene"},
    {"sources", "analysis"},
    {"clock", "plots"},
    {"pipeline"},
    {"dataset", "web"},
    {"editing"},
    {"report"},
    {"cli"},
    {
        "cleaning",
        "counting",
        "crowd",
        "datasets",
        "dwell",
        "explorer",
        "faces",
        "floor",
        "heat",
        "interchange",
        "motion",
        "quality",
        "queues",
        "rekognition",
        "zones",
    },
    {"__main__", "__init__"},
]
LEVEL = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}
HOMES = {
    "matplotlib": {"plots"},
    "pyarrow": {"sources", "storage", "dataset"},
    "boto3": {"sources", "storage"},
    "msgspec": {"sources", "dataset"},
    "scipy": {"analysis", "dataset"},
    "anywidget": {"web"},
    "av": {"scene"},
    "h5py": {"sources"},
    "sqlite3": {"sources"},
    "pandas": {
        "schema",
        "video",
        "scene",
        "analysis",
        "sources",
        "storage",
        "plots",
        "dataset",
        "clock",
        "cli",
        "report",
        "web",
        "pipeline",
        "interchange",
    },
    "shapely": {"scene", "analysis", "sources", "dataset", "plots", "web"},
}


def imports_of(file):
    """Give what a file imports when it runs (not only for type checkers): dotted names."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    skipped = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module if node.module != "ptrack_analysis" else f"ptrack_analysis.{node.names[0].name}"


IMPORTS = {file.relative_to(PACKAGE): list(imports_of(file)) for file in sorted(PACKAGE.rglob("*.py"))}


def room_of(file):
    return file.parts[0].removesuffix(".py")


def test_imports_point_down_only():
    wrong = []
    for file, names in IMPORTS.items():
        room = room_of(file)
        for name in names:
            if name.startswith("ptrack_analysis.") and not name.endswith("__version__"):
                other = name.split(".")[1]
                assert other in LEVEL, f"{file}: {other} is in no layer"
                if other != room and LEVEL[other] >= LEVEL[room]:
                    wrong.append(f"{file} imports {other}")
    assert not wrong


def test_each_heavy_library_has_its_home():
    libraries = {(file, name.split(".")[0]) for file, names in IMPORTS.items() for name in names}
    assert not [
        f"{file} imports {library}"
        for file, library in sorted(libraries)
        if room_of(file) not in HOMES.get(library, {room_of(file)})
    ]


def test_the_package_does_not_import_the_simulation_or_the_tests():
    tops = {(str(file), name.split(".")[0]) for file, names in IMPORTS.items() for name in names}
    assert not {(file, top) for file, top in tops if top in {"simulation", "tests"}}


def test_sources_and_analysis_do_not_know_each_other():
    assert LEVEL["sources"] == LEVEL["analysis"]


def loaded_after(statement):
    code = f"{statement}\nimport sys\nprint(*sorted(name.split('.')[0] for name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_the_package_pulls_in_nothing_heavy():
    assert not loaded_after("import ptrack_analysis") & {
        "matplotlib",
        "boto3",
        "botocore",
        "pandas",
        "pyarrow",
        "numpy",
    }


def test_reading_and_analysis_pull_in_neither_plots_nor_the_cloud():
    names = [name for name in ptrack_analysis.__all__ if not name.startswith("plot_")]
    statement = f"from ptrack_analysis import {', '.join(names)}"
    assert not loaded_after(statement) & {"matplotlib", "boto3", "botocore"}


@pytest.mark.parametrize(
    "call", [["--help"], ["plot", "--help"], ["plot", "heatmap", "--help"], ["export", "-h"]]
)
def test_the_help_of_the_shell_pulls_in_nothing_heavy(call):
    statement = f"from ptrack_analysis.cli import main\ntry: main({call})\nexcept SystemExit: pass"
    heavy = {"matplotlib", "boto3", "pandas", "pyarrow", "numpy", "shapely", "scipy"}
    assert not loaded_after(statement) & heavy


@pytest.mark.parametrize("module", ["schema", "pipeline.outputs", "pipeline.config", "pipeline.plot_options"])
def test_what_is_declared_needs_neither_pandas_nor_matplotlib_nor_scipy(module):
    loaded = loaded_after(f"import ptrack_analysis.{module}")
    assert not loaded & {"pandas", "matplotlib", "scipy", "numpy"}


def test_every_public_name_is_there():
    for name in ptrack_analysis.__all__:
        assert getattr(ptrack_analysis, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = ptrack_analysis.nonsense


def test_the_top_level_has_the_everyday_names():
    assert 40 <= len(ptrack_analysis.__all__) <= 48
    assert ptrack_analysis._MODULES.keys() | {"__version__"} == set(ptrack_analysis.__all__)
    for name in ("compute_stitches", "smooth_trajectories", "start_job", "Recording", "check"):
        assert not hasattr(ptrack_analysis, name)


SUBMODULES = [name for name in dir(ptrack_analysis) if inspect.ismodule(getattr(ptrack_analysis, name))]


@pytest.mark.parametrize("name", SUBMODULES)
def test_every_submodule_is_an_attribute_with_its_public_names(name):
    module = getattr(ptrack_analysis, name)
    assert module is importlib.import_module(f"ptrack_analysis.{name}")
    for each in getattr(module, "__all__", []):
        assert getattr(module, each) is not None
    with pytest.raises(AttributeError):
        _ = module.nonsense


def test_functions_are_one_level_down():
    assert set(SUBMODULES) == {
        "cleaning",
        "clock",
        "counting",
        "crowd",
        "datasets",
        "dwell",
        "errors",
        "explorer",
        "faces",
        "floor",
        "heat",
        "interchange",
        "motion",
        "plots",
        "quality",
        "queues",
        "rekognition",
        "schema",
        "zones",
    }
    assert ptrack_analysis.cleaning.smooth_trajectories.__name__ == "smooth_trajectories"
    assert ptrack_analysis.errors.PtrackError is ptrack_analysis.PtrackError
    for name in (
        "start_job",
        "wait_for_job",
        "wait_for_message",
        "fetch_pages",
        "serve_tracking",
        "write_pages",
        "create_client",
    ):
        assert callable(getattr(ptrack_analysis.rekognition, name))


@pytest.mark.parametrize("folder", ["cleaning", "counting", "crowd", "faces", "heat", "motion"])
def test_a_submodule_has_what_the_folder_of_analysis_has(folder):
    homes = {f"ptrack_analysis.analysis.{folder}"}
    module = getattr(ptrack_analysis, folder)
    assert {getattr(module, name).__module__.rpartition(".")[0] for name in module.__all__} == homes


def test_an_export_starts_without_scipy_which_takes_half_a_second():
    code = "import sys, ptrack_analysis.dataset.export; sys.exit('scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
