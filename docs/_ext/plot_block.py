"""The directive ``plot``: code, and the figure that it draws when the page is built."""

import os
from pathlib import Path
from typing import Any, ClassVar

import matplotlib as mpl
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import ptrack_analysis as pta

DPI = 120


class PlotBlock(SphinxDirective):
    """Show code and the figure that it draws. The code runs in the checkout, with ``pta`` imported."""

    has_content = True
    option_spec: ClassVar[dict[str, Any]] = {"alt": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Run the code, save its figure, and return the code and the image."""
        import matplotlib.pyplot as plt

        if "alt" not in self.options:
            raise self.error("the plot has no text for people who cannot see it: add :alt:")
        code = "\n".join(self.content)
        number = self.env.new_serialno("plot")
        path = Path(
            self.env.srcdir, "generated", "plots", f"{self.env.docname.replace('/', '-')}-{number}.png"
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        before = Path.cwd()
        os.chdir(Path(self.env.srcdir).parent)
        try:
            exec(compile(code, self.env.docname, "exec"), {"pta": pta})  # noqa: S102 - the page is ours
            plt.gcf().savefig(path, dpi=DPI)
        finally:
            os.chdir(before)
            plt.close("all")
        literal = nodes.literal_block(code, code, language="python")
        image = nodes.image(uri=f"/generated/plots/{path.name}", alt=self.options["alt"])
        return [literal, image]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    mpl.use("Agg")
    app.add_directive("plot", PlotBlock)
    return {"parallel_read_safe": False, "parallel_write_safe": True}
