"""The table of what faces were turned to."""

from ptrack_analysis.schema.keys import PERSON
from ptrack_analysis.schema.table import Column, Table

TARGETS = ("left", "right", "top", "bottom", "camera")

FACING = Table(
    name="facing",
    row="one person and one target: how long the face was turned to it, an estimate",
    key=(
        Column("target", "text", "Name of the zone, an edge of the picture, or camera."),
        PERSON,
    ),
    columns=(
        Column("facing", "span", "Time in which the face was turned to the target.", unit="s"),
        Column("not_facing", "span", "Time in which it was turned elsewhere.", unit="s"),
        Column("without_face", "span", "Time in which no face, or none good enough, was found.", unit="s"),
        Column(
            "coverage",
            "number",
            "Share of the person's time in the scene with a face that is good enough.",
            unit="1",
        ),
    ),
)
