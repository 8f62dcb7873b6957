"""Names that are looked up in the wrong module."""

import subprocess
import sys
from inspect import ismodule

import pytest

import ptrack_analysis as pta
from ptrack_analysis.public_names import read_public_names

SUBMODULES = [name for name in dir(pta) if ismodule(getattr(pta, name)) and name not in {"errors", "schema"}]
NAMES = sorted({name for module in SUBMODULES for name in getattr(pta, module).__all__})


@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_a_submodule_says_where_it_is_in_every_other_module(name):
    homes = [module for module in SUBMODULES if name in getattr(pta, module).__all__]
    said = "ptrack_analysis" if name in pta.__all__ else f"ptrack_analysis.{homes[-1]}"
    others = [getattr(pta, module) for module in SUBMODULES if not hasattr(getattr(pta, module), name)]
    for module in [*others, *([] if name in pta.__all__ else [pta])]:
        with pytest.raises(AttributeError, match=rf"has no attribute '{name}': {name} is in {said}$"):
            getattr(module, name)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("compute_densty", "ptrack_analysis.crowd.compute_density"),
        ("compute_visit", "ptrack_analysis.compute_visits"),
        ("plot_path", "ptrack_analysis.plot_paths"),
        ("stitch", "stitches"),
        ("stitches", "ptrack_analysis.cleaning.apply_stitches"),
        ("staff", "ptrack_analysis.dwell.detect_staff"),
    ],
)
def test_a_mistyped_name_gets_a_suggestion(name, near):
    with pytest.raises(AttributeError, match="Did you mean") as refused:
        getattr(pta, name)
    assert near in str(refused.value)


def test_a_name_like_no_other_gets_no_suggestion():
    with pytest.raises(AttributeError, match=r"has no attribute 'qqqq'$"):
        _ = pta.qqqq
    with pytest.raises(AttributeError, match=r"has no attribute '_staff'$"):
        _ = pta._staff


def test_names_are_read_without_importing_the_submodules():
    code = (
        "import sys, ptrack_analysis as pta\n"
        "assert not hasattr(pta, 'compute_density')\n"
        "print([name for name in ('pandas', 'matplotlib', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("module", SUBMODULES)
def test_the_names_read_from_the_source_are_those_of_the_module(module):
    assert read_public_names(module) == getattr(pta, module).__all__


def test_a_table_read_as_an_attribute_says_how_to_get_it(data):
    analysis = pta.open_video(data / "shop")
    with pytest.raises(AttributeError, match=r"get the table with \['visits'\]"):
        _ = analysis.visits
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = analysis.nothing
