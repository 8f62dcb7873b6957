"""Tables with values per grid cell."""

from ptrack_analysis.schema.table import Column, Table

_ROW = Column("row", "integer", "Row of the cell; 0 is the top row of the image.")
_COLUMN = Column("column", "integer", "Column of the cell; 0 is the left column of the image.")
_MIDDLE = (
    Column("x_{u}", "number", "Center of the cell.", unit="{u}"),
    Column("y_{u}", "number", "Center of the cell.", unit="{u}"),
)

MEASURE = Table(
    name="cell_values",
    row="one value of one cell",
    key=(
        Column(
            "quantity",
            "text",
            "Quantity: foot_points or boxes (time), visits (entries), persons (distinct people), "
            "speed (mean).",
        ),
        _ROW,
        _COLUMN,
    ),
    columns=(
        *_MIDDLE,
        Column("number", "number", "Value of the quantity; missing without data."),
        Column(
            "measured_in",
            "text",
            "Unit of the value: s, visits, persons or m/s, possibly /m² or /h; or share.",
        ),
    ),
    units=("px", "m", "fraction"),
)

HEATMAP_SLICES = Table(
    name="heatmap_slices",
    row="one cell of a heatmap in one time slice",
    key=(Column("timestamp", "moment", "Start of the slice."), _ROW, _COLUMN),
    columns=(
        *_MIDDLE,
        Column("interval", "span", "Length of the slice.", unit="s"),
        Column("seconds", "number", "Total time of people in the cell within the slice.", unit="s"),
    ),
)

HEAT_DIFFERENCE = Table(
    name="heat_difference",
    row="one cell, compared between two sets of people",
    key=(_ROW, _COLUMN),
    columns=(
        *_MIDDLE,
        Column(
            "first", "number", "Time in the cell in the first set, per person or per hour; see measured_in."
        ),
        Column("second", "number", "Time in the cell in the second set."),
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
            "Share of random assignments in which any cell has at least this z: corrected for all cells. "
            "Missing for fewer than 7 groups, or where it cannot be 0.05 or less.",
            unit="1",
        ),
        Column("measured_in", "text", "Unit of the times: s/person or s/h."),
    ),
)

FIELD = Table(
    name="flow_field",
    row="the mean movement in one cell",
    key=(_ROW, _COLUMN),
    columns=(
        *_MIDDLE,
        Column(
            "steps",
            "integer",
            "Number of positions with a speed in the cell. A step is velocity times time_present.",
        ),
        Column("speed_time", "number", "Sum of time_present of the steps.", unit="s"),
        Column("way_{u}", "number", "Sum of speed times time_present of the steps.", unit="{u}"),
        Column(
            "mean_speed_{u}_per_s",
            "number",
            "way / speed_time; missing if the speed is known for less than half of the time.",
            unit="{u}/s",
        ),
        Column("velocity_x_{u}_per_s", "number", "Sum of the steps along x, divided by time.", unit="{u}/s"),
        Column("velocity_y_{u}_per_s", "number", "Sum of the steps along y, divided by time.", unit="{u}/s"),
        Column(
            "heading",
            "number",
            "Direction of the sum of the steps: 0 = +x, 90 = +y; missing where they cancel out.",
            unit="degrees",
        ),
        Column(
            "coherence",
            "number",
            "Length of the sum of the steps / sum of their lengths: 1 for one direction, 0 for no direction.",
            unit="1",
        ),
    ),
)
