"""What another tracker might have made of a simulated video: a table of boxes in pixels.

``python -m ptrack_analysis.simulate.tracker PAGES FILE`` writes it. The persons have other numbers, one of
them two; the boxes jitter by a pixel, and a few are missing.
"""

import argparse

import numpy as np
import pandas as pd

from ptrack_analysis.io.tracking import read_tracking
from ptrack_analysis.io.writing import write_text

_MISSED = 0.03
_JITTER = 1.2
_NUMBERS = (11, 4, 7, 2, 9, 13, 21, 5)
_SPLIT, _SPLIT_AT, _SPLIT_NUMBER = 2, 40_000, 15


def tracker_table(
    detections: pd.DataFrame, *, width: int, height: int, rate: float, seed: int
) -> pd.DataFrame:
    """Give a table of boxes [px] with ``frame track_id x1 y1 x2 y2 confidence``, by frame.

    Parameters
    ----------
    detections
        DETECTIONS of one video; what has no body box is nothing to this tracker.
    width, height
        Size of the frame [px].
    rate
        Frames a second.
    seed
        Seed of the jitter and of what is missed.

    Returns
    -------
    pandas.DataFrame
        One row a box.
    """
    chance = np.random.default_rng(seed)
    boxes = detections.dropna(subset=["left"])
    boxes = boxes[chance.random(len(boxes)) >= _MISSED]
    time = boxes.index.get_level_values("timestamp").to_numpy().astype("int64")
    person = boxes.index.get_level_values("person_index").to_numpy()
    jitter = chance.normal(0, _JITTER, (len(boxes), 4))
    right, bottom = boxes["left"] + boxes["width"], boxes["top"] + boxes["height"]
    split = (person == _SPLIT) & (time > _SPLIT_AT)
    sides = {
        "x1": boxes["left"] * width + jitter[:, 0],
        "y1": boxes["top"] * height + jitter[:, 1],
        "x2": right * width + jitter[:, 2],
        "y2": np.minimum(bottom * height + jitter[:, 3], height),
    }
    return pd.DataFrame(
        {
            "frame": np.rint(time * rate / 1000).astype("int64"),
            "track_id": np.where(split, _SPLIT_NUMBER, np.take(_NUMBERS, person % len(_NUMBERS))),
            **{name: np.asarray(side).round(1) for name, side in sides.items()},
            "confidence": chance.uniform(0.5, 0.98, len(boxes)).round(3),
        }
    )


def main() -> None:
    """Write the table of one video's pages."""
    parser = argparse.ArgumentParser(prog="python -m ptrack_analysis.simulate.tracker", description=__doc__)
    parser.add_argument("pages", metavar="PAGES", help="pages of one simulated video")
    parser.add_argument("file", metavar="FILE", help="CSV file to write")
    parser.add_argument("--seed", type=int, default=8, metavar="N", help="seed (default 8)")
    given = parser.parse_args()
    detections, video = read_tracking(given.pages)
    size, rate = video.pixels, video.frame_rate or 25.0
    table = tracker_table(detections, width=size.width, height=size.height, rate=rate, seed=given.seed)
    write_text(given.file, table.to_csv(index=False, lineterminator="\n"))


if __name__ == "__main__":
    main()
