"""Links from names in the text to the API reference: ``compute_visits`` in backquotes becomes a link."""

from typing import Any

from docutils import nodes
from generated_pages import build_api_pages
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform


def find_targets() -> dict[str, str]:
    """Return the page of each public name, with and without the module before it."""
    targets = {}
    for page in build_api_pages():
        path = page.removeprefix("api/").removesuffix(".rst")
        if path.startswith("ptrack_analysis."):
            short = path.removeprefix("ptrack_analysis.")
            for name in (short, f"pta.{short}", short.rpartition(".")[2]):
                targets.setdefault(name, f"generated/api/{path}")
    return targets


class NameLinks(SphinxPostTransform):
    """Turn literals that are public names into links to their pages."""

    default_priority = 400

    def run(self, **_: Any) -> None:
        """Replace each literal by a reference to the page of its name."""
        targets = self.app.env.ptrack_names
        here = self.env.docname
        for literal in list(self.document.findall(nodes.literal)):
            target = targets.get(literal.astext().removesuffix("()"))
            if target is None or target == here or isinstance(literal.parent, nodes.reference):
                continue
            if here.startswith("generated/api/") and isinstance(literal.parent, nodes.title):
                continue
            address = self.app.builder.get_relative_uri(here, target)
            reference = nodes.reference("", "", internal=True, refuri=address)
            literal.replace_self(reference)
            reference += literal


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the transform."""

    def remember(app: Sphinx) -> None:
        app.env.ptrack_names = find_targets()

    app.connect("builder-inited", remember)
    app.add_post_transform(NameLinks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
