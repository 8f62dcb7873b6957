"""Two trackings of one video compared: who is who, where they agree, and the standard figures."""

from ptrack_analysis.analysis.comparison.compare import compare_tracking
from ptrack_analysis.analysis.comparison.figures import Figures
from ptrack_analysis.analysis.comparison.matching import match_boxes
from ptrack_analysis.analysis.comparison.result import Comparison

__all__ = ["Comparison", "Figures", "compare_tracking", "match_boxes"]
