"""Texts of the report page: headings, leads, legends and definitions."""

FIGURES = "Key figures"
STAYS = "How long people stay"
STAYS_ZONES = "How long people stay, in view and in each zone"
STAYS_LEAD = "Longer visits are further right, on a logarithmic scale: 1 to 2 s is as wide as 10 to 20 s."
ONE_DOT = "One dot is one visit."
BIN_DOT = (
    "If there are more than 60 visits, each dot represents all visits of similar length, and larger dots "
    "represent more visits."
)
WHOLE = "start and end observed"
END_UNSEEN = "end not observed, mostly because the video ended"
START_UNSEEN = "start not observed (excluded from the median)"
PART_UNSEEN = "some with an unobserved start or end"
MEDIAN = "half last this long or longer, with its 95 % range (dashed: too few people for a range)"
OTHER_ZONES = "Other zones"

TIME = "When it was busy"
TIME_LINES = "When it was busy, and when people came and went"
TIME_LEAD = "Move over the chart or drag the slider: the charts and the explorer show the same time."
TIME_ZONES = "Zones show the people at a time, all on the same scale."

TRANSITIONS = "Where people went next"
TRANSITIONS_LEAD = (
    "Left: where people were. Right: where they were next. Thicker bands are more frequent, and numbers "
    'count visits. "No zone" means anywhere else, in view or not.'
)
MATRIX = "How often, from zone (row) to zone (column)"
NO_TRANSITIONS = "No one was in a zone."

STOOD = "Where people stood"
STOOD_LEAD = "Where feet touched the floor, all people together."
SPOT_TIME = "Time spent at one spot:"
BELOW = "feet below the image"
BOXES = "Where people were visible"
BOXES_LEAD = "The parts of the image that people covered, from head to foot."
BOX_TIME = "Time for which someone covered this part:"

EXPLORE = "Watch it yourself"
EXPLORE_LEAD = "People as they were tracked. Choose a person, a zone or a range of time."

APPENDIX = "Checks, tables and methods"
CHECKS = "Reliability of the tracking"
TABLES = "All tables"
WORDS = "Definitions"
METHOD = "How it was computed"

NOBODY = "No people were detected in this video, so all figures are 0."
ASK = (
    "No {which} were given, so this page has no {what}. Draw them with `ptrack zones SOURCE -o FILE`, "
    "and give the file with `--zones FILE`."
)
OTHER_VIDEO = "None of the given zones and lines belongs to this video."

DEFINITIONS = {
    "Person": "One track. Someone who leaves and comes back, or is lost and found again, counts twice.",
    "In view": "Anywhere in the image, inside or outside the zones.",
    "Visit": "From entering a zone to leaving it. The position is the foot point, the bottom center of the "
    "box.",
    "Half last … or longer": "The median. Visits whose end was not observed count as at least as long as "
    "recorded (Kaplan-Meier); visits whose start was not observed are excluded.",
    "95 % range": "About 95 of 100 such ranges contain the true figure. Given from 6 people on.",
    "Estimated": "Only a face was detected. The position is interpolated from other detections.",
    "Time": "Since the start of the video, or the time of day if it is known.",
    "In and out": "The feet pass from one side of the line to the other. The count adds up if the people at "
    "the start, plus in, minus out, equal the people at the end.",
    "Busiest minute": "The minute with the most people on average, starting at any time. In videos of three "
    "hours or more it is the busiest hour.",
}
"""Definitions of the terms on the page."""
