"""The views of a dataset that join its facts with what they are about, and sum them over videos."""

from ptrack_analysis.dataset.contents import Contents

_VISITS = """
-- Each stay with its video, zone{more}: one table for a tool that joins none.{of_days}
CREATE OR REPLACE VIEW visits_joined AS
SELECT
  {columns}
FROM visits
JOIN videos ON videos.video = visits.video
LEFT JOIN zones ON zones.zone_key = visits.zone_key{joins};
"""
_OF_DAYS = """
-- "recorded_day" and what follows are of the day on which the recording began, by the site's clock."""
_OF_VIDEO = ("site", "camera", "timezone", "started_at")
_OF_DAY = ("year", "quarter", "month", "iso_year", "iso_week", "weekday_name", "weekend")

_FOOTFALL = """
-- Stays by the hour of the site's clock{over}. A person seen by two cameras, or in
-- two videos, counts in each: persons are not to be added up, and are left out.
CREATE OR REPLACE VIEW {name} AS
SELECT
  {groups},
  count(DISTINCT visits_hourly.video) AS videos,
  sum(visits_hourly.entries) AS entries,
  sum(visits_hourly.began) AS began,
  sum(visits_hourly.dwell_s) AS dwell_s,
  sum(visits_hourly.covered_s) AS covered_s
FROM visits_hourly
JOIN videos ON videos.video = visits_hourly.video
GROUP BY
  {groups};
"""
_PRESENCE = """
-- How many persons were there by the hour of the site's clock, over all videos of a camera: mean_persons is
-- the number of persons weighted by time.
CREATE OR REPLACE VIEW presence_hourly AS
SELECT
  {groups},
  sum(occupancy_hourly.person_seconds_s) AS person_seconds_s,
  sum(occupancy_hourly.covered_s) AS covered_s,
  sum(occupancy_hourly.person_seconds_s) / nullif(sum(occupancy_hourly.covered_s), 0) AS mean_persons,
  max(occupancy_hourly.max_persons) AS max_persons
FROM occupancy_hourly
JOIN videos ON videos.video = occupancy_hourly.video
GROUP BY
  {groups};
"""
_SUPPRESSED = "suppressed"
_HOUR = ("zone", "hour_at", "open", "local_day", "local_hour", "weekday")


def joined_views(contents: Contents) -> list[str]:
    """List the joined views for which there are the tables.

    None sums over small counts that were suppressed: what is missing would be taken for nobody.
    """
    views = [_visits_joined(contents)] if contents.has("visits", "zone_key") else []
    if contents.has("visits_hourly", *_HOUR) and not contents.has("visits_hourly", _SUPPRESSED):
        by_camera = _groups("visits_hourly", ("site", "camera"))
        by_site = _groups("visits_hourly", ("site",))
        views += [
            _FOOTFALL.format(name="footfall_hourly", groups=by_camera, over=", over the videos of a camera"),
            _FOOTFALL.format(name="footfall_by_site", groups=by_site, over=", over the cameras of a site"),
        ]
    if contents.has("occupancy_hourly", *_HOUR) and not contents.has("occupancy_hourly", _SUPPRESSED):
        views += [_PRESENCE.format(groups=_groups("occupancy_hourly", ("site", "camera")))]
    return views


def _visits_joined(contents: Contents) -> str:
    columns = ["visits.*", *(f"videos.{name}" for name in _OF_VIDEO)]
    columns += ["videos.local_day AS recorded_day", "zones.kind AS zone_kind", "zones.area AS zone_area"]
    joins, more = "", " and clock" if contents.has("visits", "entered_at") else ""
    if "sites" in contents.places:
        columns += ["sites.opening_hours AS site_opening_hours"]
        joins += "\nLEFT JOIN sites ON sites.site = videos.site"
    if "dates" in contents.places:
        columns += [f"dates.{name}" for name in _OF_DAY]
        joins += "\nLEFT JOIN dates ON dates.day = videos.local_day"
    of_days = _OF_DAYS if "dates" in contents.places else ""
    return _VISITS.format(columns=",\n  ".join(columns), joins=joins, more=more, of_days=of_days)


def _groups(table: str, of_video: tuple[str, ...]) -> str:
    names = [*(f"videos.{name}" for name in of_video), *(f"{table}.{name}" for name in _HOUR)]
    return ",\n  ".join(names)
