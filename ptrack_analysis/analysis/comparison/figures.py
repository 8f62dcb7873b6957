"""Standard figures of one tracking measured against another: CLEAR MOT, identity and HOTA."""

from dataclasses import asdict, dataclass
from math import nan

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.comparison.matching import TOLERANCE, Boxes, Overlaps, one_to_one
from ptrack_analysis.geometry import Bools, Floats, Integers

ALPHAS = np.arange(1, 20) / 20
"""The least overlaps that HOTA is averaged over: 0.05, 0.10 … 0.95."""
_MOSTLY, _HARDLY = 0.8, 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The standard figures of tracking b measured against tracking a.

    Counted are the boxes at compared moments; a plays the part of the truth. In all ratios 1 is best; one
    without anything to divide by is NaN.

    CLEAR MOT, Bernardin & Stiefelhagen 2008, on the matches of ``match_boxes``:

    * ``matches``; ``misses``, boxes of a without a match; ``false_positives``, boxes of b without a match;
    * ``switches``: matches of a person of a with another person of b than at the person's last match;
    * ``mota`` = 1 - (misses + false_positives + switches) / boxes of a; below 0 is possible;
    * ``motp`` = mean overlap of the matches (the paper has a mean distance: 1 - overlap); if people are
      matched by distance, the mean distance in m or px, as in the paper;
    * ``recall`` = matches / boxes of a, ``precision`` = matches / boxes of b;
    * ``fragmentations``: times that a person of a, once matched, goes unmatched and is matched again, over
      the compared moments with a box of that person;
    * ``mostly_tracked``, ``partly_tracked``, ``mostly_lost``: persons of a matched in at least 80 %, in
      between, in less than 20 % of their boxes.

    Identity, Ristani et al. 2016: persons of a and b are paired one to one over the whole video such that
    ``idtp``, the moments at which two paired persons overlap enough, is largest; ``idp`` = idtp / boxes of
    b, ``idr`` = idtp / boxes of a, ``idf1`` = 2 idtp / (boxes of a + boxes of b).

    HOTA, Luiten et al. 2021: each is the mean over the least overlaps 0.05, 0.10 … 0.95.

    * ``deta`` = matches / (matches + misses + false positives);
    * ``assa``: mean over the matches of the agreement of the two persons, which is n / (boxes of the one +
      boxes of the other - n), n being the matches of the two; 0 at a least overlap without a match;
    * ``hota`` = mean of sqrt(deta · assa). Its matches have their own rule, which prefers persons that agree
      over the whole video, and not that of CLEAR.

    Conventions differ between tools. ``fragmentations`` looks at the moments with a box of the person, as
    py-motmetrics does; TrackEval also counts a person whose box in a is absent in between. ``mostly_tracked``
    includes exactly 80 %, as in py-motmetrics; TrackEval requires more than 80 %. CLEAR matching keeps the
    last match however long ago, as in the paper and in py-motmetrics; TrackEval keeps only that of the frame
    before (frames without any box of a or b do not count). ``switches`` compare with the last match however
    long ago, as in TrackEval and, by default, in py-motmetrics (``max_switch_time``).

    References
    ----------
    K. Bernardin, R. Stiefelhagen, "Evaluating Multiple Object Tracking Performance: The CLEAR MOT Metrics",
    EURASIP Journal on Image and Video Processing 2008, doi:10.1155/2008/246309. Y. Li, C. Huang,
    R. Nevatia, "Learning to Associate", CVPR 2009 (mostly tracked, fragmentations).
    E. Ristani et al., "Performance Measures and a Data Set for Multi-Target, Multi-Camera Tracking", ECCV
    Workshops 2016, doi:10.1007/978-3-319-48881-3_2.
    J. Luiten et al., "HOTA: A Higher Order Metric for Evaluating Multi-Object Tracking", International
    Journal of Computer Vision 129, 2021, doi:10.1007/s11263-020-01375-2.
    """

    mota: float
    motp: float
    idf1: float
    idp: float
    idr: float
    hota: float
    deta: float
    assa: float
    recall: float
    precision: float
    matches: int
    misses: int
    false_positives: int
    switches: int
    fragmentations: int
    mostly_tracked: int
    partly_tracked: int
    mostly_lost: int
    idtp: int

    def to_frame(self) -> pd.DataFrame:
        """Return a table with one row a figure: key ``figure``, column ``value``."""
        figures = asdict(self)
        index = pd.Index(list(figures), name="figure", dtype="str")
        return pd.DataFrame({"value": np.array(list(figures.values()), dtype="float64")}, index=index)


def compute_figures(
    a: Boxes, b: Boxes, overlaps: Overlaps, matches: Overlaps, min_overlap: float
) -> tuple[Figures, Integers]:
    """Compute the figures of b against a, and the pairing of persons that the identity figures stand for.

    Parameters
    ----------
    a, b
        Boxes at the compared moments.
    overlaps
        All pairs of ``overlaps_of``.
    matches
        Those that ``match_boxes`` chose.
    min_overlap
        The least overlap [1] of the identity figures.

    Returns
    -------
    tuple
        The figures; (k, 2) persons of a and b that are paired.
    """
    possible = overlaps.at_least(min_overlap)
    pairs, idtp = paired_persons(a.person[possible.a], b.person[possible.b])
    hota, deta, assa = compute_hota(a, b, overlaps)
    boxes_a, boxes_b, matched = len(a.person), len(b.person), len(matches.a)
    misses, false_positives = boxes_a - matched, boxes_b - matched
    switches, fragmentations = _changes(a, b, matches)
    mostly, partly, lost = _coverage(a, matches)
    figures = Figures(
        mota=_ratio(boxes_a - misses - false_positives - switches, boxes_a),
        motp=_ratio(float(matches.overlap.sum()), matched),
        idf1=_ratio(2 * idtp, boxes_a + boxes_b),
        idp=_ratio(idtp, boxes_b),
        idr=_ratio(idtp, boxes_a),
        hota=hota,
        deta=deta,
        assa=assa,
        recall=_ratio(matched, boxes_a),
        precision=_ratio(matched, boxes_b),
        matches=matched,
        misses=misses,
        false_positives=false_positives,
        switches=switches,
        fragmentations=fragmentations,
        mostly_tracked=mostly,
        partly_tracked=partly,
        mostly_lost=lost,
        idtp=idtp,
    )
    return figures, pairs


def paired_persons(person_a: Integers, person_b: Integers) -> tuple[Integers, int]:
    """Pair persons one to one such that most of the given meetings are between paired ones.

    Returns
    -------
    tuple
        (k, 2) paired persons of a and b; the number of meetings between them.
    """
    pairs, count = np.unique(np.column_stack([person_a, person_b]), axis=0, return_counts=True)
    chosen = one_to_one(pairs[:, 0], pairs[:, 1], count.astype("float64"))
    return pairs[chosen], int(count[chosen].sum())


def compute_hota(a: Boxes, b: Boxes, overlaps: Overlaps) -> tuple[float, float, float]:
    """Compute HOTA, DetA and AssA as ``Figures`` defines them; NaN if neither tracking has a box.

    Two persons agree by the sum over the moments of their overlap, each divided by all overlap that either of
    the two boxes has, as a share of the moments of either. At each moment boxes are matched such that the
    sum of agreement times overlap is largest; a least overlap then keeps the matches that meet it.
    """
    if not len(a.person) and not len(b.person):
        return nan, nan, nan
    pair_of, one, other = _pairs(a, b, overlaps)
    weight = _agreement(pair_of, one + other, overlaps)[pair_of] * overlaps.overlap
    matched = one_to_one(overlaps.a, overlaps.b, weight)
    pair, overlap = pair_of[matched], overlaps.overlap[matched]
    detection, association = np.zeros(len(ALPHAS)), np.zeros(len(ALPHAS))
    for place, alpha in enumerate(ALPHAS):
        count = np.bincount(pair[overlap >= alpha - TOLERANCE], minlength=len(one))
        total = int(count.sum())
        detection[place] = total / (len(a.person) + len(b.person) - total)
        association[place] = (count * count / (one + other - count)).sum() / max(total, 1)
    hota = float(np.sqrt(detection * association).mean())
    return hota, float(detection.mean()), float(association.mean())


def _pairs(a: Boxes, b: Boxes, overlaps: Overlaps) -> tuple[Integers, Integers, Integers]:
    """Give each overlap's pair of persons as a number, and how many boxes the two of each pair have."""
    persons_b = int(b.person.max(initial=-1)) + 1
    key = a.person[overlaps.a].astype("int64") * persons_b + b.person[overlaps.b]
    pairs, pair_of = np.unique(key, return_inverse=True)
    one, other = np.divmod(pairs, max(persons_b, 1))
    boxes_a, boxes_b = np.bincount(a.person, minlength=1), np.bincount(b.person, minlength=1)
    return pair_of, boxes_a[one], boxes_b[other]


def _agreement(pair_of: Integers, boxes: Integers, overlaps: Overlaps) -> Floats:
    """Return how well two persons agree over the whole video, before anything is matched."""
    of_a = np.bincount(overlaps.a, overlaps.overlap)[overlaps.a] if len(overlaps.a) else np.zeros(0)
    of_b = np.bincount(overlaps.b, overlaps.overlap)[overlaps.b] if len(overlaps.b) else np.zeros(0)
    shared = np.bincount(pair_of, overlaps.overlap / (of_a + of_b - overlaps.overlap), minlength=len(boxes))
    agreement: Floats = shared / (boxes - shared)
    return agreement


def _changes(a: Boxes, b: Boxes, matches: Overlaps) -> tuple[int, int]:
    """Count switches and fragmentations."""
    partner = np.full(len(a.person), -1, dtype="int64")
    partner[matches.a] = b.person[matches.b]
    order = np.argsort(a.person, kind="stable")
    person, partner = a.person[order], partner[order]
    matched = partner >= 0
    begins = matched.copy()
    begins[1:] &= ~matched[:-1] | (person[1:] != person[:-1])
    persons_matched = len(np.unique(person[matched]))
    person, partner = person[matched], partner[matched]
    switched: Bools = (person[1:] == person[:-1]) & (partner[1:] != partner[:-1])
    return int(switched.sum()), int(begins.sum()) - persons_matched


def _coverage(a: Boxes, matches: Overlaps) -> tuple[int, int, int]:
    """Count the persons of a that are mostly tracked, partly tracked and mostly lost."""
    boxes = np.bincount(a.person)
    matched = np.bincount(a.person[matches.a], minlength=len(boxes))[boxes > 0]
    share = matched / boxes[boxes > 0]
    mostly, lost = int((share >= _MOSTLY).sum()), int((share < _HARDLY).sum())
    return mostly, len(share) - mostly - lost, lost


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else nan
