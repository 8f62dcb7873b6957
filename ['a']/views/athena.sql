-- Tables of this dataset for Amazon Athena, written by ptrack-analysis.
-- Run one statement at a time, again after each export. Only new columns cannot be added twice.
-- The tables are external: DROP TABLE leaves the files in place. If a file like this was not run, so that a
-- table lacks columns, drop the table and run this file again.
-- Upload the dataset to S3 and replace s3://YOUR-BUCKET/PREFIX by its location.

CREATE EXTERNAL TABLE IF NOT EXISTS `videos` (
  `video` string COMMENT 'Name of the video.',
  `local_date` date COMMENT 'Local date of the row’s first time, of the recording’s start if the row has no time.',
  `local_hour` bigint COMMENT 'Local hour of the same time, 0 to 23.',
  `width` bigint COMMENT 'Width of the frame.',
  `height` bigint COMMENT 'Height of the frame.',
  `frame_rate` double COMMENT 'Frames per second.',
  `duration_s` double COMMENT 'Duration of the video.',
  `codec` string COMMENT 'Codec of the file.',
  `format` string COMMENT 'Format of the file.',
  `color_range` string COMMENT 'Range of the color values: FULL or LIMITED.',
  `plane` string COMMENT 'Unit of the positions: px on the image, m on a floor plan.',
  `job_id` string COMMENT 'Identifier of the tracking job.',
  `job_tag` string COMMENT 'Tag that the job was started with.',
  `source` string COMMENT 'Bucket and key of the filmed file.',
  `sampling_period_s` double COMMENT 'Typical time between two detections of a person.',
  `completeness` string COMMENT 'Whether all pages of the job were available.',
  `rows_read` bigint COMMENT 'Rows in the source.',
  `rows_dropped` bigint COMMENT 'Rows of the source that were dropped.',
  `analyzed_from_ms` bigint COMMENT 'Start of the analyzed part, missing if it is the start of the video.',
  `analyzed_from_at` timestamp COMMENT 'analyzed_from_ms as a time in UTC, missing without a clock.',
  `analyzed_to_ms` bigint COMMENT 'End of the analyzed part, missing if it is the end of the video.',
  `analyzed_to_at` timestamp COMMENT 'analyzed_to_ms as a time in UTC, missing without a clock.',
  `started_at` timestamp COMMENT 'Start of the recording.',
  `timezone` string COMMENT 'Time zone or UTC offset of local times.',
  `weekday` bigint COMMENT 'Local day of the week of the start: 1 is Monday, 7 is Sunday.',
  `site` string COMMENT 'Name of the site.',
  `camera` string COMMENT 'Name of the camera.',
  `camera_key` string COMMENT 'Key of the camera in the table cameras: site/camera, with %2F for a slash and %25 for a percent sign in a name. The part of an unknown name is empty. Missing where both are unknown.',
  `opening_hours` string COMMENT 'Opening hours of the site, in the syntax of OpenStreetMap.',
  `status` string COMMENT 'Whether the rows are current, or outdated because the last export could not read the video again.'
)
COMMENT 'A row is one video.'
STORED AS PARQUET
LOCATION 's3://YOUR-BUCKET/PREFIX/videos/';

CREATE EXTERNAL TABLE IF NOT EXISTS `tracks` (
  `video` string COMMENT 'Name of the video.',
  `local_date` date COMMENT 'Local date of the row’s first time, of the recording’s start if the row has no time.',
  `local_hour` bigint COMMENT 'Local hour of the same time, 0 to 23.',
  `person` string COMMENT 'Key of the person in the dataset: video, a colon, person_index.',
  `person_index` bigint COMMENT 'Number that the tracker gave the person, valid in this video only.',
  `first_seen_ms` bigint COMMENT 'Time of the first detection.',
  `first_seen_at` timestamp COMMENT 'first_seen_ms as a time in UTC, missing without a clock.',
  `last_seen_ms` bigint COMMENT 'Time of the last detection.',
  `last_seen_at` timestamp COMMENT 'last_seen_ms as a time in UTC, missing without a clock.',
  `time_in_scene_s` double COMMENT 'Time in the scene: the sum of time_present.',
  `without_position_s` double COMMENT 'Part of time_in_scene without a position.',
  `time_outside_image_s` double COMMENT 'Part of time_in_scene with a position outside the image.',
  `time_box_truncated_s` double COMMENT 'Part of time_in_scene with a position from a truncated box.',
  `segment` string COMMENT 'Label of the person: the most frequent class_name, missing without classes.',
  `detections` bigint COMMENT 'Number of detections.',
  `tracklets` bigint COMMENT 'Number of tracklets.',
  `path_length_px` double COMMENT 'Sum of the steps: usually above the true length, because jitter adds to it.',
  `path_length_m` double COMMENT 'Sum of the steps: usually above the true length, because jitter adds to it.',
  `displacement_px` double COMMENT 'Distance from the first to the last position.',
  `displacement_m` double COMMENT 'Distance from the first to the last position.',
  `mean_speed_px_per_s` double COMMENT 'Mean speed of the trajectory, weighted by time_present, missing if speed_time is below half of time_in_scene.',
  `mean_speed_m_per_s` double COMMENT 'Mean speed of the trajectory, weighted by time_present, missing if speed_time is below half of time_in_scene.',
  `max_speed_px_per_s` double COMMENT 'Maximum speed of the trajectory.',
  `max_speed_m_per_s` double COMMENT 'Maximum speed of the trajectory.',
  `speed_time_s` double COMMENT 'Part of time_in_scene with a known speed.',
  `start_x_px` double COMMENT 'First known position.',
  `start_x_m` double COMMENT 'First known position.',
  `start_y_px` double COMMENT 'First known position.',
  `start_y_m` double COMMENT 'First known position.',
  `end_x_px` double COMMENT 'Last known position.',
  `end_x_m` double COMMENT 'Last known position.',
  `end_y_px` double COMMENT 'Last known position.',
  `end_y_m` double COMMENT 'Last known position.',
  `path_length_smoothed_px` double COMMENT 'Length of the smoothed trajectory, without jitter while standing.',
  `path_length_smoothed_m` double COMMENT 'Length of the smoothed trajectory, without jitter while standing.',
  `walking_s` double COMMENT 'Time spent walking along the smoothed trajectory.',
  `straightness` double COMMENT 'Displacement while walking in each tracklet, divided by the walked length: 1 is straight.',
  `radius_of_gyration_px` double COMMENT 'Root mean square distance from the mean position, weighted by time_present.',
  `radius_of_gyration_m` double COMMENT 'Root mean square distance from the mean position, weighted by time_present.'
)
COMMENT 'A row is one person in one video.'
STORED AS PARQUET
LOCATION 's3://YOUR-BUCKET/PREFIX/tracks/';

CREATE EXTERNAL TABLE IF NOT EXISTS `detections` (
  `video` string COMMENT 'Name of the video.',
  `local_date` date COMMENT 'Local date of the row’s first time, of the recording’s start if the row has no time.',
  `local_hour` bigint COMMENT 'Local hour of the same time, 0 to 23.',
  `person` string COMMENT 'Key of the person in the dataset: video, a colon, person_index.',
  `timestamp_ms` bigint COMMENT 'Time of the detection.',
  `recorded_at` timestamp COMMENT 'timestamp_ms as a time in UTC, missing without a clock.',
  `person_index` bigint COMMENT 'Number that the tracker gave the person, valid in this video only.',
  `left` double COMMENT 'Left edge of the body’s box, as a fraction of the frame’s width.',
  `top` double COMMENT 'Upper edge of the body’s box, as a fraction of the frame’s height.',
  `width` double COMMENT 'Width of the body’s box, as a fraction of the frame’s width.',
  `height` double COMMENT 'Height of the body’s box, as a fraction of the frame’s height.',
  `confidence` double COMMENT 'Confidence of the detection, on the tracker’s scale.',
  `class_id` bigint COMMENT 'Number of the object’s class in the tracker’s list.',
  `class_name` string COMMENT 'Name of the object’s class.',
  `source_id` string COMMENT 'Identity in the tracker’s file, if it is not a number.',
  `interpolated` boolean COMMENT 'Whether the row was interpolated in a gap, not detected.',
  `continued` boolean COMMENT 'Whether the row repeats the last detection before the analyzed part, at the start of the part.',
  `merged_from` bigint COMMENT 'Person index that the tracker gave, before tracks were stitched.'
)
COMMENT 'A row is one person at one time.'
STORED AS PARQUET
LOCATION 's3://YOUR-BUCKET/PREFIX/detections/';

CREATE EXTERNAL TABLE IF NOT EXISTS `trajectories` (
  `video` string COMMENT 'Name of the video.',
  `local_date` date COMMENT 'Local date of the row’s first time, of the recording’s start if the row has no time.',
  `local_hour` bigint COMMENT 'Local hour of the same time, 0 to 23.',
  `person` string COMMENT 'Key of the person in the dataset: video, a colon, person_index.',
  `person_index` bigint COMMENT 'Number that the tracker gave the person, valid in this video only.',
  `timestamp_ms` bigint COMMENT 'Time of the detection.',
  `recorded_at` timestamp COMMENT 'timestamp_ms as a time in UTC, missing without a clock.',
  `x_px` double COMMENT 'Position of the foot point.',
  `x_m` double COMMENT 'Position of the foot point.',
  `y_px` double COMMENT 'Position of the foot point, it increases downward in the image.',
  `y_m` double COMMENT 'Position of the foot point, it increases downward in the image.',
  `position_status` string COMMENT 'Source of the position. One of: detected, interpolated, missing.',
  `time_present_s` double COMMENT 'Time that the detection represents.',
  `tracklet` bigint COMMENT 'Number of the person’s tracklet, from 1: a part without gaps above max_gap.',
  `step_px` double COMMENT 'Distance from the previous position in the same tracklet.',
  `step_m` double COMMENT 'Distance from the previous position in the same tracklet.',
  `speed_px_per_s` double COMMENT 'Speed over a time window around the timestamp.',
  `speed_m_per_s` double COMMENT 'Speed over a time window around the timestamp.',
  `heading` double COMMENT 'Direction over the same window: 0 = +x, 90 = +y.',
  `box_truncated` boolean COMMENT 'Whether the image border cuts the box at a side that the position depends on (within 0.01 of the frame). For an interpolated position, whether it cuts one of the two boxes around the gap.',
  `outside_image` boolean COMMENT 'Whether the position is outside the image, before projection.',
  `enters_frame` boolean COMMENT 'Whether the tracklet enters over the image border, on its first row.',
  `leaves_frame` boolean COMMENT 'Whether the tracklet leaves over the image border, on its last row.',
  `interpolated` boolean COMMENT 'Whether the row was interpolated in a gap, not detected.',
  `continued` boolean COMMENT 'Whether the row repeats the last detection before the analyzed part, at the start of the part.',
  `smoothed` boolean COMMENT 'Whether smoothing moved the position.',
  `jump` boolean COMMENT 'Whether the position is implausibly far from the previous ones.',
  `merged_from` bigint COMMENT 'Person index that the tracker gave, before tracks were stitched.',
  `confidence` double COMMENT 'Confidence of the detection, on the tracker’s scale.',
  `class_id` bigint COMMENT 'Number of the object’s class in the tracker’s list.',
  `class_name` string COMMENT 'Name of the object’s class.',
  `source_id` string COMMENT 'Identity in the tracker’s file, if it is not a number.'
)
COMMENT 'A row is one person’s position at one time.'
STORED AS PARQUET
LOCATION 's3://YOUR-BUCKET/PREFIX/trajectories/';

CREATE EXTERNAL TABLE IF NOT EXISTS `visits` (
  `video` string COMMENT 'Name of the video.',
  `local_date` date COMMENT 'Local date of the row’s first time, of the recording’s start if the row has no time.',
  `local_hour` bigint COMMENT 'Local hour of the same time, 0 to 23.',
  `person` string COMMENT 'Key of the person in the dataset: video, a colon, person_index.',
  `zone` string COMMENT 'Name of the zone.',
  `person_index` bigint COMMENT 'Number that the tracker gave the person, valid in this video only.',
  `visit` bigint COMMENT 'Number of the person’s visit to the zone, from 1.',
  `visit_id` string COMMENT 'Key of the row in the dataset: video, zone, person and number of the visit.',
  `zone_key` string COMMENT 'Key in the table zones of the zone as drawn for this video, missing for the whole scene.',
  `entered_ms` bigint COMMENT 'Start of the visit: the first time inside.',
  `entered_at` timestamp COMMENT 'entered_ms as a time in UTC, missing without a clock.',
  `exited_ms` bigint COMMENT 'End of the visit: the first time no longer inside.',
  `exited_at` timestamp COMMENT 'exited_ms as a time in UTC, missing without a clock.',
  `dwell_s` double COMMENT 'Time inside: the sum of time_present of the detections inside, while the zone is valid.',
  `interpolated_s` double COMMENT 'Part of dwell with interpolated positions. The observed part is dwell - interpolated.',
  `bridged_s` double COMMENT 'Absences that were joined into the visit: exited - entered - dwell.',
  `entry` string COMMENT 'How the visit began: over the zone’s outline (crossed) or over the image border (frame_edge). With video_start, appeared and zone_opened, the start was not observed. One of: crossed, frame_edge, video_start, appeared, zone_opened.',
  `exit` string COMMENT 'How the visit ended: over the zone’s outline (crossed) or over the image border (frame_edge). With video_end, lost and zone_closed, the end was not observed. One of: crossed, frame_edge, video_end, lost, zone_closed.',
  `detections` bigint COMMENT 'Number of detections inside.',
  `since_previous_visit_s` double COMMENT 'Time since the person’s previous visit to the zone ended, missing for the first visit.'
)
COMMENT 'A row is one visit of one person to one zone.'
STORED AS PARQUET
LOCATION 's3://YOUR-BUCKET/PREFIX/visits/';

CREATE EXTERNAL TABLE IF NOT EXISTS `dwell` (
  `video` string COMMENT 'Name of the video.',
  `local_date` date COMMENT 'Local date of the row’s first time, of the recording’s start if the row has no time.',
  `local_hour` bigint COMMENT 'Local hour of the same time, 0 to 23.',
  `zone` string COMMENT 'Name of the zone.',
  `zone_key` string COMMENT 'Key in the table zones of the zone as drawn for this video, missing for the whole scene.',
  `visits` bigint COMMENT 'Number of visits.',
  `start_unobserved` bigint COMMENT 'Visits whose start was not observed. Estimates exclude them, unless the earlier time inside is given.',
  `end_unobserved` bigint COMMENT 'Visits whose end was not observed: they lasted longer than observed.',
  `observed_mean_s` double COMMENT 'Mean of the observed dwell, to whole milliseconds.',
  `observed_median_s` double COMMENT 'Ordinary median of the observed dwell.',
  `median_s` double COMMENT 'Smallest duration that at most half of the visits exceed (Kaplan-Meier).',
  `median_low_s` double COMMENT 'Lower confidence bound of the median, missing for fewer than 6 people.',
  `median_high_s` double COMMENT 'Upper confidence bound of the median, also missing if too few long visits ended.',
  `horizon_s` double COMMENT 'Duration up to which the restricted mean is computed.',
  `restricted_mean_s` double COMMENT 'Mean duration of the visits, longer visits count as the horizon.',
  `restricted_mean_low_s` double COMMENT 'Lower confidence bound of the restricted mean, missing for fewer than 20 people.',
  `restricted_mean_high_s` double COMMENT 'Upper confidence bound of the restricted mean, missing for fewer than 20 people.',
  `persons` bigint COMMENT 'Number of people (groups, where they are given) that the estimates are based on.',
  `note` string COMMENT 'Reason for a missing confidence bound, otherwise empty.'
)
COMMENT 'A row is the visits to one zone.'
STORED AS PARQUET
LOCATION 's3://YOUR-BUCKET/PREFIX/dwell/';

CREATE EXTERNAL TABLE IF NOT EXISTS `transitions` (
  `video` string COMMENT 'Name of the video.',
  `local_date` date COMMENT 'Local date of the row’s first time, of the recording’s start if the row has no time.',
  `local_hour` bigint COMMENT 'Local hour of the same time, 0 to 23.',
  `origin` string COMMENT 'Name of the zone visited before, in brackets how the first visit began: (outside) is crossed.',
  `destination` string COMMENT 'Name of the zone visited next, in brackets how the last visit ended: (outside) is crossed.',
  `origin_key` string COMMENT 'Key of the zone in the table zones, missing if the origin is not a zone.',
  `destination_key` string COMMENT 'Key of the zone in the table zones, missing if the destination is not a zone.',
  `transitions` bigint COMMENT 'Number of transitions from the origin to the destination.',
  `persons` bigint COMMENT 'Number of distinct people who made them.',
  `share` double COMMENT 'Share of the transitions from the origin.',
  `mean_travel_s` double COMMENT 'Mean time from leaving one zone to entering the other, cut to whole ms, missing if origin or destination is not a zone.',
  `median_travel_s` double COMMENT 'Median of these times, rounded to whole milliseconds, missing in the same rows.'
)
COMMENT 'A row is the transitions from one origin to one destination.'
STORED AS PARQUET
LOCATION 's3://YOUR-BUCKET/PREFIX/transitions/';

CREATE EXTERNAL TABLE IF NOT EXISTS `occupancy` (
  `video` string COMMENT 'Name of the video.',
  `local_date` date COMMENT 'Local date of the row’s first time, of the recording’s start if the row has no time.',
  `local_hour` bigint COMMENT 'Local hour of the same time, 0 to 23.',
  `timestamp_ms` bigint COMMENT 'Start of the bin. The first bin may start before the video.',
  `recorded_at` timestamp COMMENT 'timestamp_ms as a time in UTC, missing without a clock.',
  `recorded_time_s` double COMMENT 'Part of the bin that the video covers: less than the bin at the start and end of the video.',
  `mean_persons` double COMMENT 'Mean number of people over recorded_time, weighted by time.',
  `max_persons` bigint COMMENT 'Maximum number of people at one time in the bin.',
  `person_seconds_s` double COMMENT 'Total time of all people inside, within the bin.'
)
COMMENT 'A row is one time bin in the scene.'
STORED AS PARQUET
LOCATION 's3://YOUR-BUCKET/PREFIX/occupancy/';

CREATE EXTERNAL TABLE IF NOT EXISTS `zone_occupancy` (
  `video` string COMMENT 'Name of the video.',
  `local_date` date COMMENT 'Local date of the row’s first time, of the recording’s start if the row has no time.',
  `local_hour` bigint COMMENT 'Local hour of the same time, 0 to 23.',
  `zone` string COMMENT 'Name of the zone.',
  `timestamp_ms` bigint COMMENT 'Start of the bin. The first bin may start before the video.',
  `recorded_at` timestamp COMMENT 'timestamp_ms as a time in UTC, missing without a clock.',
  `zone_key` string COMMENT 'Key in the table zones of the zone as drawn for this video, missing for the whole scene.',
  `recorded_time_s` double COMMENT 'Part of the bin that the video covers: less than the bin at the start and end of the video.',
  `mean_persons` double COMMENT 'Mean number of people over recorded_time, weighted by time.',
  `max_persons` bigint COMMENT 'Maximum number of people at one time in the bin.',
  `person_seconds_s` double COMMENT 'Total time of all people inside, within the bin.'
)
COMMENT 'A row is one time bin in one zone.'
STORED AS PARQUET
LOCATION 's3://YOUR-BUCKET/PREFIX/zone_occupancy/';

CREATE EXTERNAL TABLE IF NOT EXISTS `crossings` (
  `video` string COMMENT 'Name of the video.',
  `local_date` date COMMENT 'Local date of the row’s first time, of the recording’s start if the row has no time.',
  `local_hour` bigint COMMENT 'Local hour of the same time, 0 to 23.',
  `person` string COMMENT 'Key of the person in the dataset: video, a colon, person_index.',
  `line` string COMMENT 'Name of the line.',
  `timestamp_ms` bigint COMMENT 'Time of the crossing.',
  `recorded_at` timestamp COMMENT 'timestamp_ms as a time in UTC, missing without a clock.',
  `person_index` bigint COMMENT 'Number that the tracker gave the person, valid in this video only.',
  `crossing_id` string COMMENT 'Key of the row in the dataset: video, line, person, direction and number of the crossing in this direction.',
  `line_key` string COMMENT 'Key in the table lines of the line as drawn for this video.',
  `direction` string COMMENT 'Direction: in is from the left of the line to its right. One of: in, out.',
  `crossing` bigint COMMENT 'Number of the person’s crossing of the line in this direction, from 1.',
  `x_px` double COMMENT 'Position of the crossing.',
  `x_m` double COMMENT 'Position of the crossing.',
  `y_px` double COMMENT 'Position of the crossing.',
  `y_m` double COMMENT 'Position of the crossing.'
)
COMMENT 'A row is one crossing of one line.'
STORED AS PARQUET
LOCATION 's3://YOUR-BUCKET/PREFIX/crossings/';

CREATE EXTERNAL TABLE IF NOT EXISTS `heatmap` (
  `video` string COMMENT 'Name of the video.',
  `local_date` date COMMENT 'Local date of the row’s first time, of the recording’s start if the row has no time.',
  `local_hour` bigint COMMENT 'Local hour of the same time, 0 to 23.',
  `row` bigint COMMENT 'Row of the cell, 0 is the top row of the image.',
  `column` bigint COMMENT 'Column of the cell, 0 is the left column of the image.',
  `x_px` double COMMENT 'Center of the cell.',
  `x_m` double COMMENT 'Center of the cell.',
  `x_fraction` double COMMENT 'Center of the cell.',
  `y_px` double COMMENT 'Center of the cell.',
  `y_m` double COMMENT 'Center of the cell.',
  `y_fraction` double COMMENT 'Center of the cell.',
  `seconds` double COMMENT 'Total time of people in the cell.',
  `density_per_m2` double COMMENT 'Mean number of people per square meter: seconds divided by the cell area and the analyzed time. On a floor plan only.'
)
COMMENT 'A row is one cell of the heatmap of foot points.'
STORED AS PARQUET
LOCATION 's3://YOUR-BUCKET/PREFIX/heatmap/';

CREATE EXTERNAL TABLE IF NOT EXISTS `quality` (
  `video` string COMMENT 'Name of the video.',
  `local_date` date COMMENT 'Local date of the row’s first time, of the recording’s start if the row has no time.',
  `local_hour` bigint COMMENT 'Local hour of the same time, 0 to 23.',
  `check` string COMMENT 'Name of the check.',
  `name` string COMMENT 'Name of the zone or line, empty for the whole video.',
  `value` double COMMENT 'The measured value, missing if it is unknown.',
  `value_unit` string COMMENT 'Unit of the value and of both thresholds.',
  `doubtful_above` double COMMENT 'Threshold above which the value is doubtful.',
  `bad_above` double COMMENT 'Threshold above which the value is bad.',
  `verdict` string COMMENT 'The value compared with the thresholds. One of: good, doubtful, bad, unknown.',
  `affects` string COMMENT 'Names of the outputs that a high value affects, separated by commas.',
  `meaning` string COMMENT 'Meaning of the check and the effect of a high value.',
  `advice` string COMMENT 'Recommended action, for an unknown check, the missing information.'
)
COMMENT 'A row is one check of one video, zone or line.'
STORED AS PARQUET
LOCATION 's3://YOUR-BUCKET/PREFIX/quality/';

CREATE EXTERNAL TABLE IF NOT EXISTS `zones` (
  `zone_key` string COMMENT 'Key of the zone as drawn: a hash of its name, kind, unit, outline and validity.',
  `zone` string COMMENT 'Name of the zone.',
  `kind` string COMMENT 'Kind, as set in the zone file.',
  `unit` string COMMENT 'Unit of the coordinates: fraction, px or m.',
  `outline` string COMMENT 'Polygon of the zone as well-known text.',
  `holds_from_ms` bigint COMMENT 'Time from which the zone is valid, missing if valid from the start.',
  `holds_to_ms` bigint COMMENT 'Time from which it is no longer valid, missing if valid to the end.',
  `area` double COMMENT 'Area of the outline, in squared units.',
  `camera_key` string COMMENT 'Key of the camera, missing if unknown or if several cameras have the zone.',
  `videos` bigint COMMENT 'Number of videos that have it.'
)
COMMENT 'A row is one zone as drawn for at least one video.'
STORED AS PARQUET
LOCATION 's3://YOUR-BUCKET/PREFIX/zones/';

CREATE EXTERNAL TABLE IF NOT EXISTS `lines` (
  `line_key` string COMMENT 'Key of the line as drawn: a hash of its name, kind, unit and vertices in order.',
  `line` string COMMENT 'Name of the line.',
  `kind` string COMMENT 'Kind, as set in the zone file.',
  `unit` string COMMENT 'Unit of the coordinates: fraction, px or m.',
  `outline` string COMMENT 'Line as well-known text, with its vertices in order.',
  `length` double COMMENT 'Length of the line, in its unit.',
  `videos` bigint COMMENT 'Number of videos that have it.'
)
COMMENT 'A row is one line as drawn for at least one video.'
STORED AS PARQUET
LOCATION 's3://YOUR-BUCKET/PREFIX/lines/';

CREATE EXTERNAL TABLE IF NOT EXISTS `cameras` (
  `camera_key` string COMMENT 'Key of the camera in the table cameras: site/camera, with %2F for a slash and %25 for a percent sign in a name. The part of an unknown name is empty.',
  `camera` string COMMENT 'Name of the camera, missing if unknown.',
  `site` string COMMENT 'Name of the site, missing if unknown.',
  `timezone` string COMMENT 'Time zone of the camera, missing if its videos differ.',
  `first_date` date COMMENT 'Local date of the start of the first recording, missing without a clock.',
  `last_date` date COMMENT 'Local date of the start of the last recording, missing without a clock.',
  `videos` bigint COMMENT 'Number of videos.'
)
COMMENT 'A row is one camera of one site, or the unknown cameras of a site.'
STORED AS PARQUET
LOCATION 's3://YOUR-BUCKET/PREFIX/cameras/';

CREATE EXTERNAL TABLE IF NOT EXISTS `sites` (
  `site` string COMMENT 'Name of the site.',
  `timezone` string COMMENT 'Time zone of the site, missing if its videos differ.',
  `opening_hours` string COMMENT 'Opening hours, missing if unknown or if its videos differ.',
  `cameras` bigint COMMENT 'Number of cameras with a known name.',
  `first_date` date COMMENT 'Local date of the start of the first recording, missing without a clock.',
  `last_date` date COMMENT 'Local date of the start of the last recording, missing without a clock.',
  `videos` bigint COMMENT 'Number of videos.'
)
COMMENT 'A row is one site.'
STORED AS PARQUET
LOCATION 's3://YOUR-BUCKET/PREFIX/sites/';

CREATE EXTERNAL TABLE IF NOT EXISTS `dates` (
  `date` date COMMENT 'The day.',
  `year` bigint COMMENT 'Year.',
  `quarter` bigint COMMENT 'Quarter, 1 to 4.',
  `month` bigint COMMENT 'Month, 1 to 12.',
  `month_name` string COMMENT 'Name of the month, in English.',
  `day_of_month` bigint COMMENT 'Day of the month, 1 to 31.',
  `iso_year` bigint COMMENT 'Year of the ISO 8601 week.',
  `iso_week` bigint COMMENT 'ISO 8601 week, 1 to 53.',
  `weekday` bigint COMMENT 'ISO 8601 day of the week: 1 is Monday, 7 is Sunday.',
  `weekday_name` string COMMENT 'Name of the day of the week, in English.',
  `weekend` boolean COMMENT 'Whether the day is a Saturday or a Sunday.',
  `holiday` string COMMENT 'Name of the public holiday by the general option holidays, missing on other days and in years without known holidays. Holidays of single cameras are not included.'
)
COMMENT 'A row is one day of the calendar, in whole years from the first to the last with a recording.'
STORED AS PARQUET
LOCATION 's3://YOUR-BUCKET/PREFIX/dates/';

-- Each visit with its site, camera, zone and date: one table for tools that do not join.
CREATE OR REPLACE VIEW "visits_joined" AS
SELECT
  visits."video",
  visits."local_date",
  visits."local_hour",
  visits."person",
  visits."zone",
  visits."person_index",
  visits."visit",
  visits."visit_id",
  visits."zone_key",
  visits."entered_ms",
  visits."entered_at",
  visits."exited_ms",
  visits."exited_at",
  visits."dwell_s",
  visits."interpolated_s",
  visits."bridged_s",
  visits."entry",
  visits."exit",
  visits."detections",
  visits."since_previous_visit_s",
  videos.site AS site,
  videos.camera AS camera,
  videos.timezone AS timezone,
  videos.plane AS plane,
  videos.started_at AS started_at,
  videos.opening_hours AS opening_hours,
  zones.kind AS zone_kind,
  zones.area AS zone_area,
  dates."year",
  dates."quarter",
  dates."month",
  dates."month_name",
  dates."day_of_month",
  dates."iso_year",
  dates."iso_week",
  dates."weekday",
  dates."weekday_name",
  dates."weekend",
  dates."holiday"
FROM "visits" AS visits
JOIN "videos" AS videos ON videos.video = visits.video
LEFT JOIN "zones" AS zones ON zones.zone_key = visits.zone_key
LEFT JOIN "dates" AS dates ON dates."date" = visits.local_date;

-- Visits and dwell per zone and video, including zones without visits. Visits counted in start_unobserved or end_unobserved lasted longer than observed. dwell_s does not include without_position_s, the part of time_in_scene_s without a position.
CREATE OR REPLACE VIEW "dwell_by_zone" AS
WITH zones_of_videos AS (
  SELECT DISTINCT video, zone, zone_key FROM "zone_occupancy" AS zone_occupancy
),
visits_of_zones AS (
  SELECT
    video,
    zone,
    count(*) AS visits,
    count(DISTINCT person) AS persons,
    sum(dwell_s) AS dwell_s,
    max(dwell_s) AS longest_dwell_s,
    count(CASE WHEN NOT ("entry" IN ('crossed', 'frame_edge')) THEN 1 END) AS start_unobserved,
    count(CASE WHEN NOT ("exit" IN ('crossed', 'frame_edge')) THEN 1 END) AS end_unobserved
  FROM "visits" AS visits
  GROUP BY video, zone
),
scenes AS (
  SELECT video, sum(time_in_scene_s) AS time_in_scene_s, sum(without_position_s) AS without_position_s
  FROM "tracks" AS tracks
  GROUP BY video
)
SELECT
  zones_of_videos.video,
  zones_of_videos.zone,
  zones_of_videos.zone_key,
  coalesce(visits_of_zones.visits, 0) AS visits,
  coalesce(visits_of_zones.persons, 0) AS persons,
  coalesce(visits_of_zones.dwell_s, 0) AS dwell_s,
  visits_of_zones.dwell_s / visits_of_zones.visits AS mean_dwell_s,
  visits_of_zones.longest_dwell_s,
  coalesce(visits_of_zones.start_unobserved, 0) AS start_unobserved,
  coalesce(visits_of_zones.end_unobserved, 0) AS end_unobserved,
  coalesce(scenes.time_in_scene_s, 0) AS time_in_scene_s,
  coalesce(scenes.without_position_s, 0) AS without_position_s
FROM zones_of_videos
LEFT JOIN visits_of_zones
  ON visits_of_zones.video = zones_of_videos.video AND visits_of_zones.zone = zones_of_videos.zone
LEFT JOIN scenes ON scenes.video = zones_of_videos.video;

-- Each person's first crossing of each line per direction, to count the people who crossed.
CREATE OR REPLACE VIEW "first_crossings" AS
SELECT
  crossings."video",
  crossings."local_date",
  crossings."local_hour",
  crossings."person",
  crossings."line",
  crossings."timestamp_ms",
  crossings."recorded_at",
  crossings."person_index",
  crossings."crossing_id",
  crossings."line_key",
  crossings."direction",
  crossings."crossing",
  crossings."x_px",
  crossings."x_m",
  crossings."y_px",
  crossings."y_m"
FROM "crossings" AS crossings
WHERE crossings.crossing = 1;

-- Visits per zone, camera and local hour in which they began. entries counts the visits with an observed start, dwell_s is the full dwell of the visits, and recorded_time_s is the recorded time. People are not counted, because a person in two videos would count twice. Without a clock, the date is null.
CREATE OR REPLACE VIEW "footfall_hourly" AS
WITH parts AS (
  SELECT
    video, zone, local_date, local_hour,
    1 AS visits, CASE WHEN ("entry" IN ('crossed', 'frame_edge')) THEN 1 ELSE 0 END AS entries, dwell_s, 0.0 AS recorded_time_s
  FROM "visits" AS visits
  UNION ALL
  SELECT video, zone, local_date, local_hour, 0, 0, 0.0, recorded_time_s
  FROM "zone_occupancy" AS zone_occupancy
)
SELECT
  videos.site AS site,
  videos.camera AS camera,
  parts.zone AS zone,
  parts.local_date AS local_date,
  parts.local_hour AS local_hour,
  count(DISTINCT parts.video) AS videos,
  sum(parts.visits) AS visits,
  sum(parts.entries) AS entries,
  sum(parts.dwell_s) AS dwell_s,
  sum(parts.recorded_time_s) AS recorded_time_s
FROM parts
JOIN "videos" AS videos ON videos.video = parts.video
GROUP BY
  videos.site,
  videos.camera,
  parts.zone,
  parts.local_date,
  parts.local_hour;

-- Visits per zone, camera and local day in which they began. entries counts the visits with an observed start, dwell_s is the full dwell of the visits, and recorded_time_s is the recorded time. People are not counted, because a person in two videos would count twice. Without a clock, the date is null.
CREATE OR REPLACE VIEW "footfall_daily" AS
WITH parts AS (
  SELECT
    video, zone, local_date, local_hour,
    1 AS visits, CASE WHEN ("entry" IN ('crossed', 'frame_edge')) THEN 1 ELSE 0 END AS entries, dwell_s, 0.0 AS recorded_time_s
  FROM "visits" AS visits
  UNION ALL
  SELECT video, zone, local_date, local_hour, 0, 0, 0.0, recorded_time_s
  FROM "zone_occupancy" AS zone_occupancy
)
SELECT
  videos.site AS site,
  videos.camera AS camera,
  parts.zone AS zone,
  parts.local_date AS local_date,
  count(DISTINCT parts.video) AS videos,
  sum(parts.visits) AS visits,
  sum(parts.entries) AS entries,
  sum(parts.dwell_s) AS dwell_s,
  sum(parts.recorded_time_s) AS recorded_time_s
FROM parts
JOIN "videos" AS videos ON videos.video = parts.video
GROUP BY
  videos.site,
  videos.camera,
  parts.zone,
  parts.local_date;

-- People present per bin in each zone and in the scene (zone ''). mean_persons is weighted by time. For several bins, divide the sum of person_seconds_s by the sum of recorded_time_s.
CREATE OR REPLACE VIEW "presence" AS
SELECT
  videos.site AS site,
  videos.camera AS camera,
  bins.video,
  bins.zone,
  bins.zone_key,
  bins.timestamp_ms,
  bins.recorded_at,
  bins.local_date,
  bins.local_hour,
  bins.recorded_time_s,
  bins.mean_persons,
  bins.max_persons,
  bins.person_seconds_s
FROM (
  SELECT video, '' AS zone, CAST(NULL AS varchar) AS zone_key,
    timestamp_ms, recorded_at, local_date, local_hour, recorded_time_s, mean_persons, max_persons, person_seconds_s
  FROM "occupancy" AS occupancy
  UNION ALL
  SELECT video, zone, zone_key,
    timestamp_ms, recorded_at, local_date, local_hour, recorded_time_s, mean_persons, max_persons, person_seconds_s
  FROM "zone_occupancy" AS zone_occupancy
) AS bins
JOIN "videos" AS videos ON videos.video = bins.video;

-- People present per zone, camera and local hour. The zone '' is the scene. max_persons is the maximum of one video.
CREATE OR REPLACE VIEW "presence_hourly" AS
SELECT
  videos.site AS site,
  videos.camera AS camera,
  bins.zone AS zone,
  bins.local_date AS local_date,
  bins.local_hour AS local_hour,
  count(DISTINCT bins.video) AS videos,
  sum(bins.person_seconds_s) AS person_seconds_s,
  sum(bins.recorded_time_s) AS recorded_time_s,
  sum(bins.person_seconds_s) / nullif(sum(bins.recorded_time_s), 0) AS mean_persons,
  max(bins.max_persons) AS max_persons
FROM (
  SELECT video, '' AS zone, CAST(NULL AS varchar) AS zone_key,
    timestamp_ms, recorded_at, local_date, local_hour, recorded_time_s, mean_persons, max_persons, person_seconds_s
  FROM "occupancy" AS occupancy
  UNION ALL
  SELECT video, zone, zone_key,
    timestamp_ms, recorded_at, local_date, local_hour, recorded_time_s, mean_persons, max_persons, person_seconds_s
  FROM "zone_occupancy" AS zone_occupancy
) AS bins
JOIN "videos" AS videos ON videos.video = bins.video
GROUP BY
  videos.site,
  videos.camera,
  bins.zone,
  bins.local_date,
  bins.local_hour;
