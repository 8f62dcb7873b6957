"""From nothing to a result: starting Python, importing the package, exporting a small video."""

import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from .rounds import Line, alternate, median, ratio

IMPORTS, OVER_IMPORTS = 1.15, 1.0  # x, s
SHOP = Path(__file__).parents[2] / "data" / "shop"


def run(options):
    """Time fresh processes in turn; what is measured includes the start of Python."""
    with tempfile.TemporaryDirectory() as folder:
        bare, imported, used, exported = alternate(
            partial(_python, "-c", "import pandas, pyarrow"),
            partial(_python, "-c", "import ptrack_analysis"),
            partial(_python, "-c", "from ptrack_analysis import read_tracking"),
            partial(_exported, Path(folder)),
            rounds=options.rounds,
            memory=False,
        )
    over = median([one - two for one, two in zip(exported, bare, strict=True)])
    line = partial(Line, at_least=False)
    return [
        line("pandas, pyarrow", "their bare import", bare),
        line("ptrack_analysis", "its import", imported, "", ratio(imported, bare), "x bare", IMPORTS),
        line("read_tracking", "its import, with all that it needs", used, "", ratio(used, bare), "x bare"),
        line(
            "ptrack export data/shop",
            "all tables, with zones; over the bare import",
            exported,
            "",
            over,
            "s over",
            OVER_IMPORTS,
        ),
    ]


def _exported(folder):
    with tempfile.TemporaryDirectory(dir=folder) as out:
        _python("-m", "ptrack_analysis", "export", SHOP, Path(out, "out"), "--zones", SHOP / "zones.geojson")


def _python(*arguments):
    subprocess.run([sys.executable, *map(str, arguments)], check=True, capture_output=True)
