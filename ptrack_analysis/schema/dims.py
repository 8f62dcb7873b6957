"""The tables that describe what the others are about: sites and days."""

from ptrack_analysis.schema.table import Column, Table

SITES = Table(
    name="sites",
    row="one place that is filmed",
    key=(Column("site", "text", "Name of the site."),),
    columns=(
        Column("timezone", "text", "Time zone of its clocks; missing where its videos differ in it."),
        Column("opening_hours", "text", "When it is open; missing where unknown or its videos differ in it."),
        Column("cameras", "integer", "Number of its cameras that are known by name."),
        Column("videos", "integer", "Number of its videos."),
    ),
)

DATES = Table(
    name="dates",
    row="one day, from the first that a video of the dataset covers to the last, by the clocks of the sites",
    key=(Column("day", "text", "The day: YYYY-MM-DD."),),
    columns=(
        Column("year", "integer", "Its year."),
        Column("quarter", "integer", "Its quarter, 1 to 4."),
        Column("month", "integer", "Its month, 1 to 12."),
        Column("day_of_month", "integer", "Its number in the month, 1 to 31."),
        Column("iso_year", "integer", "Year of its week by ISO 8601: that of the week's Thursday."),
        Column("iso_week", "integer", "Its week by ISO 8601, 1 to 53."),
        Column("weekday", "integer", "Its day of the week by ISO 8601: 1 is Monday, 7 Sunday."),
        Column("weekday_name", "text", "The name of the weekday, in English."),
        Column("weekend", "flag", "Whether it is a Saturday or a Sunday."),
    ),
)
