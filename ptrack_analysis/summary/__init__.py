"""The page of figures that an operator asks for, of one video."""

from ptrack_analysis.summary.figures import figures_of
from ptrack_analysis.summary.text import MARKDOWN, PLAIN, page_of

__all__ = ["MARKDOWN", "PLAIN", "figures_of", "page_of"]
