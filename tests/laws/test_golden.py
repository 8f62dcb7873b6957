"""No figure changes while the package is restructured: its output against recorded digests."""

import importlib.util
import json
from pathlib import Path


def is_changed(name, changed):
    return any(part in name and name.endswith(end) for part, end in changed)


def test_the_output_is_that_of_the_first_edition(tmp_path, real_data):
    assert real_data
    spec = importlib.util.spec_from_file_location("golden", Path(__file__).parent / "golden.py")
    golden = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(golden)
    expected = {}
    for case, digests in json.loads(golden.GOLDEN.read_text()).items():
        for key, value in digests.items():
            name = f"{case} | {key}"
            for old, new in golden.RENAMED:
                name = name.replace(old, new)
            if not (name.endswith(golden.GONE) or is_changed(name, golden.CHANGED)):
                expected[name] = value
    found = {
        f"{case} | {key}": value
        for case, digests in golden.digests(tmp_path).items()
        for key, value in digests.items()
    }
    different = [name for name in expected if found.get(name) != expected[name]]
    assert not different[:40], f"{len(different)} of {len(expected)} differ or are gone"
    added = [
        name
        for name in set(found) - set(expected)
        if not (any(part in name for part in golden.NEW) or is_changed(name, golden.CHANGED))
    ]
    assert not sorted(added)[:40]
