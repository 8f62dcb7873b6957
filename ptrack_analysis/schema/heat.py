"""The tables of what is measured in the cells of a grid."""

from ptrack_analysis.schema.table import Column, Table

_ROW = Column("row", "integer", "Row of the cell; 0 is the top of the picture.")
_COLUMN = Column("column", "integer", "Column of the cell; 0 is the left of the picture.")
_MIDDLE = (
    Column("x_{u}", "number", "Middle of the cell.", unit="{u}"),
    Column("y_{u}", "number", "Middle of the cell.", unit="{u}"),
)

MEASURE = Table(
    name="cell_values",
    row="one cell, and one number measured in it",
    key=(
        Column(
            "quantity",
            "text",
            "What is measured: foot_points or boxes (time), visits (how often the cell was entered), persons "
            "(distinct ones), speed (the mean).",
        ),
        _ROW,
        _COLUMN,
    ),
    columns=(
        *_MIDDLE,
        Column("number", "number", "The number; missing where there is nothing to measure."),
        Column("measured_in", "text", "Unit of the number: s, visits, persons, m/s, then /m², /h, or share."),
    ),
    units=("px", "m", "fraction"),
)

HEATMAP_SLICES = Table(
    name="heatmap_slices",
    row="one cell of a heatmap in one slice of time",
    key=(Column("timestamp", "moment", "First moment of the slice."), _ROW, _COLUMN),
    columns=(
        *_MIDDLE,
        Column("interval", "span", "Length of the slice.", unit="s"),
        Column("seconds", "number", "Time for which people stood in the cell within the slice.", unit="s"),
    ),
)

HEAT_DIFFERENCE = Table(
    name="heat_difference",
    row="one cell, and how it differs between two sets of persons",
    key=(_ROW, _COLUMN),
    columns=(
        *_MIDDLE,
        Column("first", "number", "Time in the cell of the first set, a person or an hour; see measured_in."),
        Column("second", "number", "The same of the second set."),
        Column("difference", "number", "first minus second."),
        Column(
            "z",
            "number",
            "Difference divided by its standard deviation under random assignment of the groups to the sets.",
            unit="1",
        ),
        Column(
            "p",
            "number",
            "Share of random assignments in which any cell differs as much, in z: corrected for all cells. "
            "Missing for fewer than 7 groups, or where it cannot be 0.05 or less.",
            unit="1",
        ),
        Column("measured_in", "text", "Unit of the times: s/person or s/h."),
    ),
)

FIELD = Table(
    name="flow_field",
    row="one cell, and how people moved through it",
    key=(_ROW, _COLUMN),
    columns=(
        *_MIDDLE,
        Column(
            "steps",
            "integer",
            "Number of positions with a speed in the cell. Each is a step: its velocity for the time held.",
        ),
        Column("speed_time", "number", "Duration of the steps: the sum of time_present.", unit="s"),
        Column("way_{u}", "number", "Length of the steps: the sum of speed times time_present.", unit="{u}"),
        Column(
            "mean_speed_{u}_per_s",
            "number",
            "way by speed_time; missing if the speed is known for less than half of the time.",
            unit="{u}/s",
        ),
        Column("velocity_x_{u}_per_s", "number", "Sum of the steps along x by time.", unit="{u}/s"),
        Column("velocity_y_{u}_per_s", "number", "Sum of the steps along y by time.", unit="{u}/s"),
        Column(
            "heading",
            "number",
            "Direction of the sum of the steps: 0 = +x, 90 = +y; missing where they cancel out.",
            unit="degrees",
        ),
        Column(
            "coherence",
            "number",
            "Length of the sum of the steps by the sum of their lengths: 1 all went one way, 0 no way leads.",
            unit="1",
        ),
    ),
)
