"""The report: one self-contained page about a video, or about the many of a dataset."""

from ptrack_analysis.report.page import report_html
from ptrack_analysis.report.writing import write_report

__all__ = ["report_html", "write_report"]
