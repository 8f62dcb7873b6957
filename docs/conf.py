"""Configuration of the documentation.

``sphinx-build -W --keep-going docs build/site`` builds it, without the network.
"""

import sys
from pathlib import Path

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS / "_ext"))

from generated_pages import write_pages  # noqa: E402

from ptrack_analysis import __version__  # noqa: E402

project = "ptrack-analysis"
author = "The ptrack-analysis developers"
project_copyright = "The ptrack-analysis developers"
release = version = __version__

extensions = [
    "sphinx.ext.autodoc",
    "numpydoc",
    "myst_nb",
    "sphinx_copybutton",
    "sphinx_design",
    "name_links",
    "plot_block",
]
exclude_patterns = ["_ext"]

html_theme = "pydata_sphinx_theme"
html_title = "ptrack-analysis"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_theme_options = {
    "logo": {"text": "ptrack-analysis"},
    "header_links_before_dropdown": 6,
    "navbar_align": "left",
    "show_prev_next": True,
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
}
html_sidebars = {"start": [], "recipes": [], "definitions": [], "generated/notebooks/gallery": []}

myst_enable_extensions = ["colon_fence", "deflist", "attrs_block"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # the gallery is run when its page is written; articles have their outputs
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_only_copy_prompt_lines = False

autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
autodoc_member_order = "bysource"
python_maximum_signature_line_length = 88
numpydoc_show_class_members = False
suppress_warnings = ["mystnb.unknown_mime_type"]

write_pages(DOCS)
