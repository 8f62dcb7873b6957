"""Reports as PDF, printed by an installed browser."""

import os
import shutil
import subprocess  # nosec B404
import tempfile
from pathlib import Path

from ptrack_analysis.errors import OutputError

BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
    "microsoft-edge",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
"""Browsers that can print a page in headless mode."""
_SECONDS = 120


def print_page(html: str) -> bytes:
    """Print a page on A4, and return the PDF.

    Raises
    ------
    OutputError
        If Chromium, Chrome or Edge is not installed, or does not print the page.
    """
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        raise OutputError(
            "PDF reports need Chromium, Chrome or Edge, and no such browser is installed. Write the report "
            "as .html, open it in any browser, and print it there."
        )
    with tempfile.TemporaryDirectory() as folder:
        page, pdf = Path(folder, "report.html"), Path(folder, "report.pdf")
        page.write_text(html, encoding="utf-8")
        is_root = hasattr(os, "geteuid") and os.geteuid() == 0
        command = [
            browser,
            "--headless",
            "--disable-gpu",
            *(["--no-sandbox"] if is_root else []),
            f"--user-data-dir={folder}/profile",
            "--no-pdf-header-footer",
            f"--print-to-pdf={pdf}",
            page.as_uri(),
        ]
        try:
            done = subprocess.run(  # noqa: S603 # nosec B603
                command, capture_output=True, check=False, timeout=_SECONDS
            )
        except subprocess.TimeoutExpired as error:
            raise OutputError(f"{browser} did not print the report within {_SECONDS} s.") from error
        if not pdf.is_file():
            output = done.stderr.decode(errors="replace").strip().splitlines()
            raise OutputError(
                f"{browser} did not print the report: {output[-1] if output else 'no reason given'}."
            )
        return pdf.read_bytes()
