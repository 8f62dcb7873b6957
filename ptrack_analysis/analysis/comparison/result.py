"""What a comparison of two trackings holds."""

from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

import pandas as pd

from ptrack_analysis.analysis.comparison.figures import Figures
from ptrack_analysis.analysis.heat.heatmap import Heatmap


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Comparison:
    """What two trackings of one video, a and b, have in common.

    Attributes
    ----------
    trackings
        Key ``tracking`` (``a``, ``b``): ``persons``, ``detections``, ``without_box`` (detections without a
        body box), ``held`` (the sum of ``held`` [ms]), ``period`` (the sampling period [ms]), ``moments``
        (distinct timestamps), of which ``in_both`` have a counterpart, ``alone`` are compared with nobody
        and ``left_out`` are not compared.
    both, only_a, only_b
        Person-time [ms] that both trackings see the same person, that only a sees and that only b sees:
        both + only_a is the sum of ``held`` of a, both + only_b that of b, exactly.
    pairs
        Who in a is who in b. Key ``person_a``, ``person_b``: ``together`` (their part of ``both`` [ms]),
        ``share_a`` and ``share_b`` (that time by the ``held`` of the one and of the other),
        ``matches`` (moments at which their boxes are matched), ``overlap`` (mean overlap of these),
        ``counterpart`` (paired by the identity figures: at most one a person).
    matches
        The matched boxes. Key ``timestamp``, ``person_a``: ``timestamp_b``, ``person_b``, ``overlap``.
    occupancy
        Key ``zone`` (``""`` is the scene), ``timestamp``: ``persons_a``, ``persons_b``; each row holds until
        the next of its zone.
    zones
        Key ``zone`` (``""`` is the scene): ``dwell_a``, ``dwell_b`` [ms], ``persons_a``, ``persons_b`` (who
        were there at all), ``mean_occupancy_a``, ``mean_occupancy_b`` and ``mean_difference`` (mean of the
        absolute difference of the two counts), means over the time of ``occupancy``.
    heatmap_difference
        Heatmap of b minus that of a, where people stood: seconds may be negative.
    figures
        MOTA, IDF1, HOTA and their kin of b measured against a.
    min_overlap
        The least overlap [1] of boxes that may be matched.
    """

    trackings: pd.DataFrame
    both: pd.Timedelta
    only_a: pd.Timedelta
    only_b: pd.Timedelta
    pairs: pd.DataFrame
    matches: pd.DataFrame
    occupancy: pd.DataFrame
    zones: pd.DataFrame
    heatmap_difference: Heatmap
    figures: Figures
    min_overlap: float

    def summary(self) -> dict[str, Any]:
        """Give the comparison as a dictionary that can be written as JSON.

        Lengths of time are in seconds (``held_s``), undefined ratios None; the tables of matches and of
        occupancy over time, and the heatmap, are left out.
        """
        return {
            "min_overlap": self.min_overlap,
            "trackings": _records(self.trackings),
            "presence": {
                "both_s": self.both.total_seconds(),
                "only_a_s": self.only_a.total_seconds(),
                "only_b_s": self.only_b.total_seconds(),
            },
            "zones": _records(self.zones),
            "pairs": _records(self.pairs),
            "figures": {name: _plain(value) for name, value in asdict(self.figures).items()},
        }


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Give one dictionary a row, key first."""
    flat = table.reset_index()
    spans = [name for name in flat.columns if flat[name].dtype.kind == "m"]
    for name in spans:
        flat[name] = flat[name].dt.total_seconds()
    flat = flat.rename(columns={name: f"{name}_s" for name in spans})
    return [
        {str(name): _plain(value) for name, value in row.items()} for row in flat.to_dict(orient="records")
    ]


def _plain(value: Any) -> Any:
    """Give a value of plain Python; None for a number that is none."""
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and not isfinite(value) else value
