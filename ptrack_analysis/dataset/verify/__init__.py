"""Verifying a dataset: everything in it is read again, and set against what it should be."""

from ptrack_analysis.dataset.verify.findings import FileCheck, Finding, Verification
from ptrack_analysis.dataset.verify.verifying import verify_dataset

__all__ = ["FileCheck", "Finding", "Verification", "verify_dataset"]
