"""Texts of the overview page."""

WITHHELD = "withheld"
SUBTITLE = "Where people were, when, and for how long"
DOORS = "People in and out, by day"
DOORS_LINES = "Crossings of the lines, by day"
DOORS_LEAD = "Up: in. Down: out. All on the same scale; hatched days were not recorded."
DAYS = "People in view, by day"
DAYS_LEAD = "The average while a camera recorded, all on the same scale."
DAYS_BEFORE = " The thin line shows the same weekday one week earlier."
ORDER = "People in view, by video"
ORDER_LEAD = (
    "The average of each video. The times of recording are not known, so the videos are sorted by name."
)
HOURS = "When it was busy, by weekday and hour"
HOURS_LEAD = (
    "Hours are local times of each site; hatched hours were not recorded. Figures are averages for one "
    "camera while it recorded, so partly recorded hours can be compared."
)
HOURS_WITHHELD = "A dotted cell is withheld, because fewer than {fewest} people may be counted in it."
SHORT_HOURS = (
    "Some hours were recorded for only {minutes} minutes: their figures describe only these minutes. "
    "Point at a cell to see how long it was recorded."
)
NO_CLOCK = (
    "The start of the videos is not known, so there are no figures by hour and day. Export "
    "again with `--recordings FILE` or `--started-at PATTERN`."
)
BY_INTERVAL = (
    "The dataset has counts by interval instead of crossings. An interval counts toward the hour in which it "
    "begins, even if it extends into the next hour."
)
NO_OCCUPANCY = "The dataset has no table `occupancy`, so there are no figures by hour and day."
NO_TABLE = "The dataset has no table `visits`, so zones cannot be compared."
PRESENT_GRID = "People in view on average"
DOOR_GRID = "People who came in"
LINE_GRID = "Inward crossings of the lines"
VISIT_GRID = "Visits that began"
ZONES = "How long people stay in each zone"
ZONES_SITES = "How long people stay, by zone and site"
NO_ZONES = "The dataset has no zones. Export again with `--zones FILE` to compare visits."
NO_VISITS = "No one visited a zone."
VIDEOS = "Videos"
VIDEOS_FIRST = "Cameras and videos, those with problems first"
WITHHELD_VISITS = (
    "Withheld: a comparison needs medians and the visits of single people. The tables dwell and "
    "retail of the dataset contain the remaining figures."
)
WITHHELD_CHECKS = (
    "Withheld: the dataset was exported with a minimum number of people (`--min-count`), so it has "
    "no quality checks and no tables of single people."
)
WITHHELD_FIGURES = (
    "Figures that count fewer than {fewest} people are withheld, and so are totals that would reveal them."
)
DAILY_INTERVAL = (
    "95 % interval of the mean over days: Student's t on the logarithm, at least as wide as for a "
    "Poisson count."
)
METHOD_NOTE = (
    "Videos were analyzed with the configuration of their export. The manifest of the dataset contains the "
    "parameters of each video, and its `dictionary.md` defines every column."
)
DEFINITIONS = {
    "Person": "One track in one video. Someone who comes twice, is lost and found again, or is filmed "
    "by two cameras counts twice.",
    "In view": "Anywhere in the image of a camera. The average is taken over the time that was recorded.",
    "Visit": "From entering a zone to leaving it. The position is the foot point, the bottom center of the "
    "box.",
    "Half last … or longer": "The median. Visits whose end was not observed count as at least as long as "
    "recorded (Kaplan-Meier); visits whose start was not observed are excluded.",
    "95 % range": "About 95 of 100 such ranges contain the true figure.",
    "Last week": "The last seven days, compared with the same weekdays a week before. Shown only if four "
    "weeks are recorded and each pair of days was recorded for the same time.",
    "In and out": "The feet pass from one side of the line to the other, while a camera recorded.",
    "Withheld": "Omitted to protect privacy, because the figure counts too few people.",
    "Not covered": "No camera recorded.",
}
"""Definitions of the terms on the page."""
