-- Views of this dataset for DuckDB, written by ptrack-analysis.
-- They work from any folder: duckdb shop.duckdb < '/work/wt-firsthour/[''a'']/views/duckdb.sql'
-- If the dataset was moved, set its new location in each session: SET VARIABLE ptrack_root = '/new/folder';

CREATE OR REPLACE VIEW "videos" AS
SELECT
  CAST(NULL AS VARCHAR) AS "video",
  CAST(NULL AS DATE) AS "local_date",
  CAST(NULL AS BIGINT) AS "local_hour",
  CAST(NULL AS BIGINT) AS "width",
  CAST(NULL AS BIGINT) AS "height",
  CAST(NULL AS DOUBLE) AS "frame_rate",
  CAST(NULL AS DOUBLE) AS "duration_s",
  CAST(NULL AS VARCHAR) AS "codec",
  CAST(NULL AS VARCHAR) AS "format",
  CAST(NULL AS VARCHAR) AS "color_range",
  CAST(NULL AS VARCHAR) AS "plane",
  CAST(NULL AS VARCHAR) AS "job_id",
  CAST(NULL AS VARCHAR) AS "job_tag",
  CAST(NULL AS VARCHAR) AS "source",
  CAST(NULL AS DOUBLE) AS "sampling_period_s",
  CAST(NULL AS VARCHAR) AS "completeness",
  CAST(NULL AS BIGINT) AS "rows_read",
  CAST(NULL AS BIGINT) AS "rows_dropped",
  CAST(NULL AS BIGINT) AS "analyzed_from_ms",
  CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS "analyzed_from_at",
  CAST(NULL AS BIGINT) AS "analyzed_to_ms",
  CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS "analyzed_to_at",
  CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS "started_at",
  CAST(NULL AS VARCHAR) AS "timezone",
  CAST(NULL AS BIGINT) AS "weekday",
  CAST(NULL AS VARCHAR) AS "site",
  CAST(NULL AS VARCHAR) AS "camera",
  CAST(NULL AS VARCHAR) AS "camera_key",
  CAST(NULL AS VARCHAR) AS "opening_hours",
  CAST(NULL AS VARCHAR) AS "status"
WHERE false
UNION ALL BY NAME
SELECT * FROM read_parquet(
  coalesce(getvariable('ptrack_root'), '/work/wt-firsthour/[[]''a'']') || '/videos/part-*.parquet',
  union_by_name = true, hive_partitioning = false
);
COMMENT ON VIEW "videos" IS 'A row is one video.';
COMMENT ON COLUMN "videos"."video" IS 'Name of the video.';
COMMENT ON COLUMN "videos"."local_date" IS 'Local date of the row''s first time; of the recording''s start if the row has no time.';
COMMENT ON COLUMN "videos"."local_hour" IS 'Local hour of the same time, 0 to 23.';
COMMENT ON COLUMN "videos"."width" IS 'Width of the frame.';
COMMENT ON COLUMN "videos"."height" IS 'Height of the frame.';
COMMENT ON COLUMN "videos"."frame_rate" IS 'Frames per second.';
COMMENT ON COLUMN "videos"."duration_s" IS 'Duration of the video.';
COMMENT ON COLUMN "videos"."codec" IS 'Codec of the file.';
COMMENT ON COLUMN "videos"."format" IS 'Format of the file.';
COMMENT ON COLUMN "videos"."color_range" IS 'Range of the color values: FULL or LIMITED.';
COMMENT ON COLUMN "videos"."plane" IS 'Unit of the positions: px on the image, m on a floor plan.';
COMMENT ON COLUMN "videos"."job_id" IS 'Identifier of the tracking job.';
COMMENT ON COLUMN "videos"."job_tag" IS 'Tag that the job was started with.';
COMMENT ON COLUMN "videos"."source" IS 'Bucket and key of the filmed file.';
COMMENT ON COLUMN "videos"."sampling_period_s" IS 'Typical time between two detections of a person.';
COMMENT ON COLUMN "videos"."completeness" IS 'Whether all pages of the job were available.';
COMMENT ON COLUMN "videos"."rows_read" IS 'Rows in the source.';
COMMENT ON COLUMN "videos"."rows_dropped" IS 'Rows of the source that were dropped.';
COMMENT ON COLUMN "videos"."analyzed_from_ms" IS 'Start of the analyzed part; missing if it is the start of the video.';
COMMENT ON COLUMN "videos"."analyzed_from_at" IS 'analyzed_from_ms as a time in UTC; missing without a clock.';
COMMENT ON COLUMN "videos"."analyzed_to_ms" IS 'End of the analyzed part; missing if it is the end of the video.';
COMMENT ON COLUMN "videos"."analyzed_to_at" IS 'analyzed_to_ms as a time in UTC; missing without a clock.';
COMMENT ON COLUMN "videos"."started_at" IS 'Start of the recording.';
COMMENT ON COLUMN "videos"."timezone" IS 'Time zone or UTC offset of local times.';
COMMENT ON COLUMN "videos"."weekday" IS 'Local day of the week of the start: 1 is Monday, 7 is Sunday.';
COMMENT ON COLUMN "videos"."site" IS 'Name of the site.';
COMMENT ON COLUMN "videos"."camera" IS 'Name of the camera.';
COMMENT ON COLUMN "videos"."camera_key" IS 'Key of the camera in the table cameras: site/camera, with %2F for a slash and %25 for a percent sign in a name. The part of an unknown name is empty. Missing where both are unknown.';
COMMENT ON COLUMN "videos"."opening_hours" IS 'Opening hours of the site, in the syntax of OpenStreetMap.';
COMMENT ON COLUMN "videos"."status" IS 'Whether the rows are current, or outdated because the last export could not read the video again.';

CREATE OR REPLACE VIEW "tracks" AS
SELECT
  CAST(NULL AS VARCHAR) AS "video",
  CAST(NULL AS DATE) AS "local_date",
  CAST(NULL AS BIGINT) AS "local_hour",
  CAST(NULL AS VARCHAR) AS "person",
  CAST(NULL AS BIGINT) AS "person_index",
  CAST(NULL AS BIGINT) AS "first_seen_ms",
  CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS "first_seen_at",
  CAST(NULL AS BIGINT) AS "last_seen_ms",
  CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS "last_seen_at",
  CAST(NULL AS DOUBLE) AS "time_in_scene_s",
  CAST(NULL AS DOUBLE) AS "without_position_s",
  CAST(NULL AS DOUBLE) AS "time_outside_image_s",
  CAST(NULL AS DOUBLE) AS "time_box_truncated_s",
  CAST(NULL AS VARCHAR) AS "segment",
  CAST(NULL AS BIGINT) AS "detections",
  CAST(NULL AS BIGINT) AS "tracklets",
  CAST(NULL AS DOUBLE) AS "path_length_px",
  CAST(NULL AS DOUBLE) AS "path_length_m",
  CAST(NULL AS DOUBLE) AS "displacement_px",
  CAST(NULL AS DOUBLE) AS "displacement_m",
  CAST(NULL AS DOUBLE) AS "mean_speed_px_per_s",
  CAST(NULL AS DOUBLE) AS "mean_speed_m_per_s",
  CAST(NULL AS DOUBLE) AS "max_speed_px_per_s",
  CAST(NULL AS DOUBLE) AS "max_speed_m_per_s",
  CAST(NULL AS DOUBLE) AS "speed_time_s",
  CAST(NULL AS DOUBLE) AS "start_x_px",
  CAST(NULL AS DOUBLE) AS "start_x_m",
  CAST(NULL AS DOUBLE) AS "start_y_px",
  CAST(NULL AS DOUBLE) AS "start_y_m",
  CAST(NULL AS DOUBLE) AS "end_x_px",
  CAST(NULL AS DOUBLE) AS "end_x_m",
  CAST(NULL AS DOUBLE) AS "end_y_px",
  CAST(NULL AS DOUBLE) AS "end_y_m",
  CAST(NULL AS DOUBLE) AS "path_length_smoothed_px",
  CAST(NULL AS DOUBLE) AS "path_length_smoothed_m",
  CAST(NULL AS DOUBLE) AS "walking_s",
  CAST(NULL AS DOUBLE) AS "straightness",
  CAST(NULL AS DOUBLE) AS "radius_of_gyration_px",
  CAST(NULL AS DOUBLE) AS "radius_of_gyration_m"
WHERE false
UNION ALL BY NAME
SELECT * FROM read_parquet(
  coalesce(getvariable('ptrack_root'), '/work/wt-firsthour/[[]''a'']') || '/tracks/part-*.parquet',
  union_by_name = true, hive_partitioning = false
);
COMMENT ON VIEW "tracks" IS 'A row is one person in one video.';
COMMENT ON COLUMN "tracks"."video" IS 'Name of the video.';
COMMENT ON COLUMN "tracks"."local_date" IS 'Local date of the row''s first time; of the recording''s start if the row has no time.';
COMMENT ON COLUMN "tracks"."local_hour" IS 'Local hour of the same time, 0 to 23.';
COMMENT ON COLUMN "tracks"."person" IS 'Key of the person in the dataset: video, a colon, person_index.';
COMMENT ON COLUMN "tracks"."person_index" IS 'Number that the tracker gave the person; valid in this video only.';
COMMENT ON COLUMN "tracks"."first_seen_ms" IS 'Time of the first detection.';
COMMENT ON COLUMN "tracks"."first_seen_at" IS 'first_seen_ms as a time in UTC; missing without a clock.';
COMMENT ON COLUMN "tracks"."last_seen_ms" IS 'Time of the last detection.';
COMMENT ON COLUMN "tracks"."last_seen_at" IS 'last_seen_ms as a time in UTC; missing without a clock.';
COMMENT ON COLUMN "tracks"."time_in_scene_s" IS 'Time in the scene: the sum of time_present.';
COMMENT ON COLUMN "tracks"."without_position_s" IS 'Part of time_in_scene without a position.';
COMMENT ON COLUMN "tracks"."time_outside_image_s" IS 'Part of time_in_scene with a position outside the image.';
COMMENT ON COLUMN "tracks"."time_box_truncated_s" IS 'Part of time_in_scene with a position from a truncated box.';
COMMENT ON COLUMN "tracks"."segment" IS 'Label of the person: the most frequent class_name; missing without classes.';
COMMENT ON COLUMN "tracks"."detections" IS 'Number of detections.';
COMMENT ON COLUMN "tracks"."tracklets" IS 'Number of tracklets.';
COMMENT ON COLUMN "tracks"."path_length_px" IS 'Sum of the steps: usually above the true length, because jitter adds to it.';
COMMENT ON COLUMN "tracks"."path_length_m" IS 'Sum of the steps: usually above the true length, because jitter adds to it.';
COMMENT ON COLUMN "tracks"."displacement_px" IS 'Distance from the first to the last position.';
COMMENT ON COLUMN "tracks"."displacement_m" IS 'Distance from the first to the last position.';
COMMENT ON COLUMN "tracks"."mean_speed_px_per_s" IS 'Mean speed of the trajectory, weighted by time_present; missing if speed_time is below half of time_in_scene.';
COMMENT ON COLUMN "tracks"."mean_speed_m_per_s" IS 'Mean speed of the trajectory, weighted by time_present; missing if speed_time is below half of time_in_scene.';
COMMENT ON COLUMN "tracks"."max_speed_px_per_s" IS 'Maximum speed of the trajectory.';
COMMENT ON COLUMN "tracks"."max_speed_m_per_s" IS 'Maximum speed of the trajectory.';
COMMENT ON COLUMN "tracks"."speed_time_s" IS 'Part of time_in_scene with a known speed.';
COMMENT ON COLUMN "tracks"."start_x_px" IS 'First known position.';
COMMENT ON COLUMN "tracks"."start_x_m" IS 'First known position.';
COMMENT ON COLUMN "tracks"."start_y_px" IS 'First known position.';
COMMENT ON COLUMN "tracks"."start_y_m" IS 'First known position.';
COMMENT ON COLUMN "tracks"."end_x_px" IS 'Last known position.';
COMMENT ON COLUMN "tracks"."end_x_m" IS 'Last known position.';
COMMENT ON COLUMN "tracks"."end_y_px" IS 'Last known position.';
COMMENT ON COLUMN "tracks"."end_y_m" IS 'Last known position.';
COMMENT ON COLUMN "tracks"."path_length_smoothed_px" IS 'Length of the smoothed trajectory, without jitter while standing.';
COMMENT ON COLUMN "tracks"."path_length_smoothed_m" IS 'Length of the smoothed trajectory, without jitter while standing.';
COMMENT ON COLUMN "tracks"."walking_s" IS 'Time spent walking along the smoothed trajectory.';
COMMENT ON COLUMN "tracks"."straightness" IS 'Displacement while walking in each tracklet, divided by the walked length: 1 is straight.';
COMMENT ON COLUMN "tracks"."radius_of_gyration_px" IS 'Root mean square distance from the mean position, weighted by time_present.';
COMMENT ON COLUMN "tracks"."radius_of_gyration_m" IS 'Root mean square distance from the mean position, weighted by time_present.';

CREATE OR REPLACE VIEW "detections" AS
SELECT
  CAST(NULL AS VARCHAR) AS "video",
  CAST(NULL AS DATE) AS "local_date",
  CAST(NULL AS BIGINT) AS "local_hour",
  CAST(NULL AS VARCHAR) AS "person",
  CAST(NULL AS BIGINT) AS "timestamp_ms",
  CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS "recorded_at",
  CAST(NULL AS BIGINT) AS "person_index",
  CAST(NULL AS DOUBLE) AS "left",
  CAST(NULL AS DOUBLE) AS "top",
  CAST(NULL AS DOUBLE) AS "width",
  CAST(NULL AS DOUBLE) AS "height",
  CAST(NULL AS DOUBLE) AS "confidence",
  CAST(NULL AS BIGINT) AS "class_id",
  CAST(NULL AS VARCHAR) AS "class_name",
  CAST(NULL AS VARCHAR) AS "source_id",
  CAST(NULL AS BOOLEAN) AS "interpolated",
  CAST(NULL AS BOOLEAN) AS "continued",
  CAST(NULL AS BIGINT) AS "merged_from"
WHERE false
UNION ALL BY NAME
SELECT * FROM read_parquet(
  coalesce(getvariable('ptrack_root'), '/work/wt-firsthour/[[]''a'']') || '/detections/part-*.parquet',
  union_by_name = true, hive_partitioning = false
);
COMMENT ON VIEW "detections" IS 'A row is one person at one time.';
COMMENT ON COLUMN "detections"."video" IS 'Name of the video.';
COMMENT ON COLUMN "detections"."local_date" IS 'Local date of the row''s first time; of the recording''s start if the row has no time.';
COMMENT ON COLUMN "detections"."local_hour" IS 'Local hour of the same time, 0 to 23.';
COMMENT ON COLUMN "detections"."person" IS 'Key of the person in the dataset: video, a colon, person_index.';
COMMENT ON COLUMN "detections"."timestamp_ms" IS 'Time of the detection.';
COMMENT ON COLUMN "detections"."recorded_at" IS 'timestamp_ms as a time in UTC; missing without a clock.';
COMMENT ON COLUMN "detections"."person_index" IS 'Number that the tracker gave the person; valid in this video only.';
COMMENT ON COLUMN "detections"."left" IS 'Left edge of the body''s box, as a fraction of the frame''s width.';
COMMENT ON COLUMN "detections"."top" IS 'Upper edge of the body''s box, as a fraction of the frame''s height.';
COMMENT ON COLUMN "detections"."width" IS 'Width of the body''s box, as a fraction of the frame''s width.';
COMMENT ON COLUMN "detections"."height" IS 'Height of the body''s box, as a fraction of the frame''s height.';
COMMENT ON COLUMN "detections"."confidence" IS 'Confidence of the detection, on the tracker''s scale.';
COMMENT ON COLUMN "detections"."class_id" IS 'Number of the object''s class in the tracker''s list.';
COMMENT ON COLUMN "detections"."class_name" IS 'Name of the object''s class.';
COMMENT ON COLUMN "detections"."source_id" IS 'Identity in the tracker''s file, if it is not a number.';
COMMENT ON COLUMN "detections"."interpolated" IS 'Whether the row was interpolated in a gap, not detected.';
COMMENT ON COLUMN "detections"."continued" IS 'Whether the row repeats the last detection before the analyzed part, at the start of the part.';
COMMENT ON COLUMN "detections"."merged_from" IS 'Person index that the tracker gave, before tracks were stitched.';

CREATE OR REPLACE VIEW "trajectories" AS
SELECT
  CAST(NULL AS VARCHAR) AS "video",
  CAST(NULL AS DATE) AS "local_date",
  CAST(NULL AS BIGINT) AS "local_hour",
  CAST(NULL AS VARCHAR) AS "person",
  CAST(NULL AS BIGINT) AS "person_index",
  CAST(NULL AS BIGINT) AS "timestamp_ms",
  CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS "recorded_at",
  CAST(NULL AS DOUBLE) AS "x_px",
  CAST(NULL AS DOUBLE) AS "x_m",
  CAST(NULL AS DOUBLE) AS "y_px",
  CAST(NULL AS DOUBLE) AS "y_m",
  CAST(NULL AS VARCHAR) AS "position_status",
  CAST(NULL AS DOUBLE) AS "time_present_s",
  CAST(NULL AS BIGINT) AS "tracklet",
  CAST(NULL AS DOUBLE) AS "step_px",
  CAST(NULL AS DOUBLE) AS "step_m",
  CAST(NULL AS DOUBLE) AS "speed_px_per_s",
  CAST(NULL AS DOUBLE) AS "speed_m_per_s",
  CAST(NULL AS DOUBLE) AS "heading",
  CAST(NULL AS BOOLEAN) AS "box_truncated",
  CAST(NULL AS BOOLEAN) AS "outside_image",
  CAST(NULL AS BOOLEAN) AS "enters_frame",
  CAST(NULL AS BOOLEAN) AS "leaves_frame",
  CAST(NULL AS BOOLEAN) AS "interpolated",
  CAST(NULL AS BOOLEAN) AS "continued",
  CAST(NULL AS BOOLEAN) AS "smoothed",
  CAST(NULL AS BOOLEAN) AS "jump",
  CAST(NULL AS BIGINT) AS "merged_from",
  CAST(NULL AS DOUBLE) AS "confidence",
  CAST(NULL AS BIGINT) AS "class_id",
  CAST(NULL AS VARCHAR) AS "class_name",
  CAST(NULL AS VARCHAR) AS "source_id"
WHERE false
UNION ALL BY NAME
SELECT * FROM read_parquet(
  coalesce(getvariable('ptrack_root'), '/work/wt-firsthour/[[]''a'']') || '/trajectories/part-*.parquet',
  union_by_name = true, hive_partitioning = false
);
COMMENT ON VIEW "trajectories" IS 'A row is one person''s position at one time.';
COMMENT ON COLUMN "trajectories"."video" IS 'Name of the video.';
COMMENT ON COLUMN "trajectories"."local_date" IS 'Local date of the row''s first time; of the recording''s start if the row has no time.';
COMMENT ON COLUMN "trajectories"."local_hour" IS 'Local hour of the same time, 0 to 23.';
COMMENT ON COLUMN "trajectories"."person" IS 'Key of the person in the dataset: video, a colon, person_index.';
COMMENT ON COLUMN "trajectories"."person_index" IS 'Number that the tracker gave the person; valid in this video only.';
COMMENT ON COLUMN "trajectories"."timestamp_ms" IS 'Time of the detection.';
COMMENT ON COLUMN "trajectories"."recorded_at" IS 'timestamp_ms as a time in UTC; missing without a clock.';
COMMENT ON COLUMN "trajectories"."x_px" IS 'Position of the foot point.';
COMMENT ON COLUMN "trajectories"."x_m" IS 'Position of the foot point.';
COMMENT ON COLUMN "trajectories"."y_px" IS 'Position of the foot point; it increases downward in the image.';
COMMENT ON COLUMN "trajectories"."y_m" IS 'Position of the foot point; it increases downward in the image.';
COMMENT ON COLUMN "trajectories"."position_status" IS 'Source of the position. One of: detected, interpolated, missing.';
COMMENT ON COLUMN "trajectories"."time_present_s" IS 'Time that the detection represents.';
COMMENT ON COLUMN "trajectories"."tracklet" IS 'Number of the person''s tracklet, from 1: a part without gaps above max_gap.';
COMMENT ON COLUMN "trajectories"."step_px" IS 'Distance from the previous position in the same tracklet.';
COMMENT ON COLUMN "trajectories"."step_m" IS 'Distance from the previous position in the same tracklet.';
COMMENT ON COLUMN "trajectories"."speed_px_per_s" IS 'Speed over a time window around the timestamp.';
COMMENT ON COLUMN "trajectories"."speed_m_per_s" IS 'Speed over a time window around the timestamp.';
COMMENT ON COLUMN "trajectories"."heading" IS 'Direction over the same window: 0 = +x, 90 = +y.';
COMMENT ON COLUMN "trajectories"."box_truncated" IS 'Whether the image border cuts the box at a side that the position depends on (within 0.01 of the frame). For an interpolated position, whether it cuts one of the two boxes around the gap.';
COMMENT ON COLUMN "trajectories"."outside_image" IS 'Whether the position is outside the image, before projection.';
COMMENT ON COLUMN "trajectories"."enters_frame" IS 'Whether the tracklet enters over the image border; on its first row.';
COMMENT ON COLUMN "trajectories"."leaves_frame" IS 'Whether the tracklet leaves over the image border; on its last row.';
COMMENT ON COLUMN "trajectories"."interpolated" IS 'Whether the row was interpolated in a gap, not detected.';
COMMENT ON COLUMN "trajectories"."continued" IS 'Whether the row repeats the last detection before the analyzed part, at the start of the part.';
COMMENT ON COLUMN "trajectories"."smoothed" IS 'Whether smoothing moved the position.';
COMMENT ON COLUMN "trajectories"."jump" IS 'Whether the position is implausibly far from the previous ones.';
COMMENT ON COLUMN "trajectories"."merged_from" IS 'Person index that the tracker gave, before tracks were stitched.';
COMMENT ON COLUMN "trajectories"."confidence" IS 'Confidence of the detection, on the tracker''s scale.';
COMMENT ON COLUMN "trajectories"."class_id" IS 'Number of the object''s class in the tracker''s list.';
COMMENT ON COLUMN "trajectories"."class_name" IS 'Name of the object''s class.';
COMMENT ON COLUMN "trajectories"."source_id" IS 'Identity in the tracker''s file, if it is not a number.';

CREATE OR REPLACE VIEW "visits" AS
SELECT
  CAST(NULL AS VARCHAR) AS "video",
  CAST(NULL AS DATE) AS "local_date",
  CAST(NULL AS BIGINT) AS "local_hour",
  CAST(NULL AS VARCHAR) AS "person",
  CAST(NULL AS VARCHAR) AS "zone",
  CAST(NULL AS BIGINT) AS "person_index",
  CAST(NULL AS BIGINT) AS "visit",
  CAST(NULL AS VARCHAR) AS "visit_id",
  CAST(NULL AS VARCHAR) AS "zone_key",
  CAST(NULL AS BIGINT) AS "entered_ms",
  CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS "entered_at",
  CAST(NULL AS BIGINT) AS "exited_ms",
  CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS "exited_at",
  CAST(NULL AS DOUBLE) AS "dwell_s",
  CAST(NULL AS DOUBLE) AS "interpolated_s",
  CAST(NULL AS DOUBLE) AS "bridged_s",
  CAST(NULL AS VARCHAR) AS "entry",
  CAST(NULL AS VARCHAR) AS "exit",
  CAST(NULL AS BIGINT) AS "detections",
  CAST(NULL AS DOUBLE) AS "since_previous_visit_s"
WHERE false
UNION ALL BY NAME
SELECT * FROM read_parquet(
  coalesce(getvariable('ptrack_root'), '/work/wt-firsthour/[[]''a'']') || '/visits/part-*.parquet',
  union_by_name = true, hive_partitioning = false
);
COMMENT ON VIEW "visits" IS 'A row is one visit of one person to one zone.';
COMMENT ON COLUMN "visits"."video" IS 'Name of the video.';
COMMENT ON COLUMN "visits"."local_date" IS 'Local date of the row''s first time; of the recording''s start if the row has no time.';
COMMENT ON COLUMN "visits"."local_hour" IS 'Local hour of the same time, 0 to 23.';
COMMENT ON COLUMN "visits"."person" IS 'Key of the person in the dataset: video, a colon, person_index.';
COMMENT ON COLUMN "visits"."zone" IS 'Name of the zone.';
COMMENT ON COLUMN "visits"."person_index" IS 'Number that the tracker gave the person; valid in this video only.';
COMMENT ON COLUMN "visits"."visit" IS 'Number of the person''s visit to the zone, from 1.';
COMMENT ON COLUMN "visits"."visit_id" IS 'Key of the row in the dataset: video, zone, person and number of the visit.';
COMMENT ON COLUMN "visits"."zone_key" IS 'Key in the table zones of the zone as drawn for this video; missing for the whole scene.';
COMMENT ON COLUMN "visits"."entered_ms" IS 'Start of the visit: the first time inside.';
COMMENT ON COLUMN "visits"."entered_at" IS 'entered_ms as a time in UTC; missing without a clock.';
COMMENT ON COLUMN "visits"."exited_ms" IS 'End of the visit: the first time no longer inside.';
COMMENT ON COLUMN "visits"."exited_at" IS 'exited_ms as a time in UTC; missing without a clock.';
COMMENT ON COLUMN "visits"."dwell_s" IS 'Time inside: the sum of time_present of the detections inside, while the zone is valid.';
COMMENT ON COLUMN "visits"."interpolated_s" IS 'Part of dwell with interpolated positions. The observed part is dwell - interpolated.';
COMMENT ON COLUMN "visits"."bridged_s" IS 'Absences that were joined into the visit: exited - entered - dwell.';
COMMENT ON COLUMN "visits"."entry" IS 'How the visit began: over the zone''s outline (crossed) or over the image border (frame_edge). With video_start, appeared and zone_opened, the start was not observed. One of: crossed, frame_edge, video_start, appeared, zone_opened.';
COMMENT ON COLUMN "visits"."exit" IS 'How the visit ended: over the zone''s outline (crossed) or over the image border (frame_edge). With video_end, lost and zone_closed, the end was not observed. One of: crossed, frame_edge, video_end, lost, zone_closed.';
COMMENT ON COLUMN "visits"."detections" IS 'Number of detections inside.';
COMMENT ON COLUMN "visits"."since_previous_visit_s" IS 'Time since the person''s previous visit to the zone ended; missing for the first visit.';

CREATE OR REPLACE VIEW "dwell" AS
SELECT
  CAST(NULL AS VARCHAR) AS "video",
  CAST(NULL AS DATE) AS "local_date",
  CAST(NULL AS BIGINT) AS "local_hour",
  CAST(NULL AS VARCHAR) AS "zone",
  CAST(NULL AS VARCHAR) AS "zone_key",
  CAST(NULL AS BIGINT) AS "visits",
  CAST(NULL AS BIGINT) AS "start_unobserved",
  CAST(NULL AS BIGINT) AS "end_unobserved",
  CAST(NULL AS DOUBLE) AS "observed_mean_s",
  CAST(NULL AS DOUBLE) AS "observed_median_s",
  CAST(NULL AS DOUBLE) AS "median_s",
  CAST(NULL AS DOUBLE) AS "median_low_s",
  CAST(NULL AS DOUBLE) AS "median_high_s",
  CAST(NULL AS DOUBLE) AS "horizon_s",
  CAST(NULL AS DOUBLE) AS "restricted_mean_s",
  CAST(NULL AS DOUBLE) AS "restricted_mean_low_s",
  CAST(NULL AS DOUBLE) AS "restricted_mean_high_s",
  CAST(NULL AS BIGINT) AS "persons",
  CAST(NULL AS VARCHAR) AS "note"
WHERE false
UNION ALL BY NAME
SELECT * FROM read_parquet(
  coalesce(getvariable('ptrack_root'), '/work/wt-firsthour/[[]''a'']') || '/dwell/part-*.parquet',
  union_by_name = true, hive_partitioning = false
);
COMMENT ON VIEW "dwell" IS 'A row is the visits to one zone.';
COMMENT ON COLUMN "dwell"."video" IS 'Name of the video.';
COMMENT ON COLUMN "dwell"."local_date" IS 'Local date of the row''s first time; of the recording''s start if the row has no time.';
COMMENT ON COLUMN "dwell"."local_hour" IS 'Local hour of the same time, 0 to 23.';
COMMENT ON COLUMN "dwell"."zone" IS 'Name of the zone.';
COMMENT ON COLUMN "dwell"."zone_key" IS 'Key in the table zones of the zone as drawn for this video; missing for the whole scene.';
COMMENT ON COLUMN "dwell"."visits" IS 'Number of visits.';
COMMENT ON COLUMN "dwell"."start_unobserved" IS 'Visits whose start was not observed. Estimates exclude them, unless the earlier time inside is given.';
COMMENT ON COLUMN "dwell"."end_unobserved" IS 'Visits whose end was not observed: they lasted longer than observed.';
COMMENT ON COLUMN "dwell"."observed_mean_s" IS 'Mean of the observed dwell, to whole milliseconds.';
COMMENT ON COLUMN "dwell"."observed_median_s" IS 'Ordinary median of the observed dwell.';
COMMENT ON COLUMN "dwell"."median_s" IS 'Smallest duration that at most half of the visits exceed (Kaplan-Meier).';
COMMENT ON COLUMN "dwell"."median_low_s" IS 'Lower confidence bound of the median; missing for fewer than 6 people.';
COMMENT ON COLUMN "dwell"."median_high_s" IS 'Upper confidence bound of the median; also missing if too few long visits ended.';
COMMENT ON COLUMN "dwell"."horizon_s" IS 'Duration up to which the restricted mean is computed.';
COMMENT ON COLUMN "dwell"."restricted_mean_s" IS 'Mean duration of the visits; longer visits count as the horizon.';
COMMENT ON COLUMN "dwell"."restricted_mean_low_s" IS 'Lower confidence bound of the restricted mean; missing for fewer than 20 people.';
COMMENT ON COLUMN "dwell"."restricted_mean_high_s" IS 'Upper confidence bound of the restricted mean; missing for fewer than 20 people.';
COMMENT ON COLUMN "dwell"."persons" IS 'Number of people (groups, where they are given) that the estimates are based on.';
COMMENT ON COLUMN "dwell"."note" IS 'Reason for a missing confidence bound; otherwise empty.';

CREATE OR REPLACE VIEW "transitions" AS
SELECT
  CAST(NULL AS VARCHAR) AS "video",
  CAST(NULL AS DATE) AS "local_date",
  CAST(NULL AS BIGINT) AS "local_hour",
  CAST(NULL AS VARCHAR) AS "origin",
  CAST(NULL AS VARCHAR) AS "destination",
  CAST(NULL AS VARCHAR) AS "origin_key",
  CAST(NULL AS VARCHAR) AS "destination_key",
  CAST(NULL AS BIGINT) AS "transitions",
  CAST(NULL AS BIGINT) AS "persons",
  CAST(NULL AS DOUBLE) AS "share",
  CAST(NULL AS DOUBLE) AS "mean_travel_s",
  CAST(NULL AS DOUBLE) AS "median_travel_s"
WHERE false
UNION ALL BY NAME
SELECT * FROM read_parquet(
  coalesce(getvariable('ptrack_root'), '/work/wt-firsthour/[[]''a'']') || '/transitions/part-*.parquet',
  union_by_name = true, hive_partitioning = false
);
COMMENT ON VIEW "transitions" IS 'A row is the transitions from one origin to one destination.';
COMMENT ON COLUMN "transitions"."video" IS 'Name of the video.';
COMMENT ON COLUMN "transitions"."local_date" IS 'Local date of the row''s first time; of the recording''s start if the row has no time.';
COMMENT ON COLUMN "transitions"."local_hour" IS 'Local hour of the same time, 0 to 23.';
COMMENT ON COLUMN "transitions"."origin" IS 'Name of the zone visited before; in brackets how the first visit began: (outside) is crossed.';
COMMENT ON COLUMN "transitions"."destination" IS 'Name of the zone visited next; in brackets how the last visit ended: (outside) is crossed.';
COMMENT ON COLUMN "transitions"."origin_key" IS 'Key of the zone in the table zones; missing if the origin is not a zone.';
COMMENT ON COLUMN "transitions"."destination_key" IS 'Key of the zone in the table zones; missing if the destination is not a zone.';
COMMENT ON COLUMN "transitions"."transitions" IS 'Number of transitions from the origin to the destination.';
COMMENT ON COLUMN "transitions"."persons" IS 'Number of distinct people who made them.';
COMMENT ON COLUMN "transitions"."share" IS 'Share of the transitions from the origin.';
COMMENT ON COLUMN "transitions"."mean_travel_s" IS 'Mean time from leaving one zone to entering the other, cut to whole ms; missing if origin or destination is not a zone.';
COMMENT ON COLUMN "transitions"."median_travel_s" IS 'Median of these times, rounded to whole milliseconds; missing in the same rows.';

CREATE OR REPLACE VIEW "occupancy" AS
SELECT
  CAST(NULL AS VARCHAR) AS "video",
  CAST(NULL AS DATE) AS "local_date",
  CAST(NULL AS BIGINT) AS "local_hour",
  CAST(NULL AS BIGINT) AS "timestamp_ms",
  CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS "recorded_at",
  CAST(NULL AS DOUBLE) AS "recorded_time_s",
  CAST(NULL AS DOUBLE) AS "mean_persons",
  CAST(NULL AS BIGINT) AS "max_persons",
  CAST(NULL AS DOUBLE) AS "person_seconds_s"
WHERE false
UNION ALL BY NAME
SELECT * FROM read_parquet(
  coalesce(getvariable('ptrack_root'), '/work/wt-firsthour/[[]''a'']') || '/occupancy/part-*.parquet',
  union_by_name = true, hive_partitioning = false
);
COMMENT ON VIEW "occupancy" IS 'A row is one time bin in the scene.';
COMMENT ON COLUMN "occupancy"."video" IS 'Name of the video.';
COMMENT ON COLUMN "occupancy"."local_date" IS 'Local date of the row''s first time; of the recording''s start if the row has no time.';
COMMENT ON COLUMN "occupancy"."local_hour" IS 'Local hour of the same time, 0 to 23.';
COMMENT ON COLUMN "occupancy"."timestamp_ms" IS 'Start of the bin. The first bin may start before the video.';
COMMENT ON COLUMN "occupancy"."recorded_at" IS 'timestamp_ms as a time in UTC; missing without a clock.';
COMMENT ON COLUMN "occupancy"."recorded_time_s" IS 'Part of the bin that the video covers: less than the bin at the start and end of the video.';
COMMENT ON COLUMN "occupancy"."mean_persons" IS 'Mean number of people over recorded_time, weighted by time.';
COMMENT ON COLUMN "occupancy"."max_persons" IS 'Maximum number of people at one time in the bin.';
COMMENT ON COLUMN "occupancy"."person_seconds_s" IS 'Total time of all people inside, within the bin.';

CREATE OR REPLACE VIEW "zone_occupancy" AS
SELECT
  CAST(NULL AS VARCHAR) AS "video",
  CAST(NULL AS DATE) AS "local_date",
  CAST(NULL AS BIGINT) AS "local_hour",
  CAST(NULL AS VARCHAR) AS "zone",
  CAST(NULL AS BIGINT) AS "timestamp_ms",
  CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS "recorded_at",
  CAST(NULL AS VARCHAR) AS "zone_key",
  CAST(NULL AS DOUBLE) AS "recorded_time_s",
  CAST(NULL AS DOUBLE) AS "mean_persons",
  CAST(NULL AS BIGINT) AS "max_persons",
  CAST(NULL AS DOUBLE) AS "person_seconds_s"
WHERE false
UNION ALL BY NAME
SELECT * FROM read_parquet(
  coalesce(getvariable('ptrack_root'), '/work/wt-firsthour/[[]''a'']') || '/zone_occupancy/part-*.parquet',
  union_by_name = true, hive_partitioning = false
);
COMMENT ON VIEW "zone_occupancy" IS 'A row is one time bin in one zone.';
COMMENT ON COLUMN "zone_occupancy"."video" IS 'Name of the video.';
COMMENT ON COLUMN "zone_occupancy"."local_date" IS 'Local date of the row''s first time; of the recording''s start if the row has no time.';
COMMENT ON COLUMN "zone_occupancy"."local_hour" IS 'Local hour of the same time, 0 to 23.';
COMMENT ON COLUMN "zone_occupancy"."zone" IS 'Name of the zone.';
COMMENT ON COLUMN "zone_occupancy"."timestamp_ms" IS 'Start of the bin. The first bin may start before the video.';
COMMENT ON COLUMN "zone_occupancy"."recorded_at" IS 'timestamp_ms as a time in UTC; missing without a clock.';
COMMENT ON COLUMN "zone_occupancy"."zone_key" IS 'Key in the table zones of the zone as drawn for this video; missing for the whole scene.';
COMMENT ON COLUMN "zone_occupancy"."recorded_time_s" IS 'Part of the bin that the video covers: less than the bin at the start and end of the video.';
COMMENT ON COLUMN "zone_occupancy"."mean_persons" IS 'Mean number of people over recorded_time, weighted by time.';
COMMENT ON COLUMN "zone_occupancy"."max_persons" IS 'Maximum number of people at one time in the bin.';
COMMENT ON COLUMN "zone_occupancy"."person_seconds_s" IS 'Total time of all people inside, within the bin.';

CREATE OR REPLACE VIEW "crossings" AS
SELECT
  CAST(NULL AS VARCHAR) AS "video",
  CAST(NULL AS DATE) AS "local_date",
  CAST(NULL AS BIGINT) AS "local_hour",
  CAST(NULL AS VARCHAR) AS "person",
  CAST(NULL AS VARCHAR) AS "line",
  CAST(NULL AS BIGINT) AS "timestamp_ms",
  CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS "recorded_at",
  CAST(NULL AS BIGINT) AS "person_index",
  CAST(NULL AS VARCHAR) AS "crossing_id",
  CAST(NULL AS VARCHAR) AS "line_key",
  CAST(NULL AS VARCHAR) AS "direction",
  CAST(NULL AS BIGINT) AS "crossing",
  CAST(NULL AS DOUBLE) AS "x_px",
  CAST(NULL AS DOUBLE) AS "x_m",
  CAST(NULL AS DOUBLE) AS "y_px",
  CAST(NULL AS DOUBLE) AS "y_m"
WHERE false
UNION ALL BY NAME
SELECT * FROM read_parquet(
  coalesce(getvariable('ptrack_root'), '/work/wt-firsthour/[[]''a'']') || '/crossings/part-*.parquet',
  union_by_name = true, hive_partitioning = false
);
COMMENT ON VIEW "crossings" IS 'A row is one crossing of one line.';
COMMENT ON COLUMN "crossings"."video" IS 'Name of the video.';
COMMENT ON COLUMN "crossings"."local_date" IS 'Local date of the row''s first time; of the recording''s start if the row has no time.';
COMMENT ON COLUMN "crossings"."local_hour" IS 'Local hour of the same time, 0 to 23.';
COMMENT ON COLUMN "crossings"."person" IS 'Key of the person in the dataset: video, a colon, person_index.';
COMMENT ON COLUMN "crossings"."line" IS 'Name of the line.';
COMMENT ON COLUMN "crossings"."timestamp_ms" IS 'Time of the crossing.';
COMMENT ON COLUMN "crossings"."recorded_at" IS 'timestamp_ms as a time in UTC; missing without a clock.';
COMMENT ON COLUMN "crossings"."person_index" IS 'Number that the tracker gave the person; valid in this video only.';
COMMENT ON COLUMN "crossings"."crossing_id" IS 'Key of the row in the dataset: video, line, person, direction and number of the crossing in this direction.';
COMMENT ON COLUMN "crossings"."line_key" IS 'Key in the table lines of the line as drawn for this video.';
COMMENT ON COLUMN "crossings"."direction" IS 'Direction: in is from the left of the line to its right. One of: in, out.';
COMMENT ON COLUMN "crossings"."crossing" IS 'Number of the person''s crossing of the line in this direction, from 1.';
COMMENT ON COLUMN "crossings"."x_px" IS 'Position of the crossing.';
COMMENT ON COLUMN "crossings"."x_m" IS 'Position of the crossing.';
COMMENT ON COLUMN "crossings"."y_px" IS 'Position of the crossing.';
COMMENT ON COLUMN "crossings"."y_m" IS 'Position of the crossing.';

CREATE OR REPLACE VIEW "heatmap" AS
SELECT
  CAST(NULL AS VARCHAR) AS "video",
  CAST(NULL AS DATE) AS "local_date",
  CAST(NULL AS BIGINT) AS "local_hour",
  CAST(NULL AS BIGINT) AS "row",
  CAST(NULL AS BIGINT) AS "column",
  CAST(NULL AS DOUBLE) AS "x_px",
  CAST(NULL AS DOUBLE) AS "x_m",
  CAST(NULL AS DOUBLE) AS "x_fraction",
  CAST(NULL AS DOUBLE) AS "y_px",
  CAST(NULL AS DOUBLE) AS "y_m",
  CAST(NULL AS DOUBLE) AS "y_fraction",
  CAST(NULL AS DOUBLE) AS "seconds",
  CAST(NULL AS DOUBLE) AS "density_per_m2"
WHERE false
UNION ALL BY NAME
SELECT * FROM read_parquet(
  coalesce(getvariable('ptrack_root'), '/work/wt-firsthour/[[]''a'']') || '/heatmap/part-*.parquet',
  union_by_name = true, hive_partitioning = false
);
COMMENT ON VIEW "heatmap" IS 'A row is one cell of the heatmap of foot points.';
COMMENT ON COLUMN "heatmap"."video" IS 'Name of the video.';
COMMENT ON COLUMN "heatmap"."local_date" IS 'Local date of the row''s first time; of the recording''s start if the row has no time.';
COMMENT ON COLUMN "heatmap"."local_hour" IS 'Local hour of the same time, 0 to 23.';
COMMENT ON COLUMN "heatmap"."row" IS 'Row of the cell; 0 is the top row of the image.';
COMMENT ON COLUMN "heatmap"."column" IS 'Column of the cell; 0 is the left column of the image.';
COMMENT ON COLUMN "heatmap"."x_px" IS 'Center of the cell.';
COMMENT ON COLUMN "heatmap"."x_m" IS 'Center of the cell.';
COMMENT ON COLUMN "heatmap"."x_fraction" IS 'Center of the cell.';
COMMENT ON COLUMN "heatmap"."y_px" IS 'Center of the cell.';
COMMENT ON COLUMN "heatmap"."y_m" IS 'Center of the cell.';
COMMENT ON COLUMN "heatmap"."y_fraction" IS 'Center of the cell.';
COMMENT ON COLUMN "heatmap"."seconds" IS 'Total time of people in the cell.';
COMMENT ON COLUMN "heatmap"."density_per_m2" IS 'Mean number of people per square meter: seconds divided by the cell area and the analyzed time. On a floor plan only.';

CREATE OR REPLACE VIEW "quality" AS
SELECT
  CAST(NULL AS VARCHAR) AS "video",
  CAST(NULL AS DATE) AS "local_date",
  CAST(NULL AS BIGINT) AS "local_hour",
  CAST(NULL AS VARCHAR) AS "check",
  CAST(NULL AS VARCHAR) AS "name",
  CAST(NULL AS DOUBLE) AS "value",
  CAST(NULL AS VARCHAR) AS "value_unit",
  CAST(NULL AS DOUBLE) AS "doubtful_above",
  CAST(NULL AS DOUBLE) AS "bad_above",
  CAST(NULL AS VARCHAR) AS "verdict",
  CAST(NULL AS VARCHAR) AS "affects",
  CAST(NULL AS VARCHAR) AS "meaning",
  CAST(NULL AS VARCHAR) AS "advice"
WHERE false
UNION ALL BY NAME
SELECT * FROM read_parquet(
  coalesce(getvariable('ptrack_root'), '/work/wt-firsthour/[[]''a'']') || '/quality/part-*.parquet',
  union_by_name = true, hive_partitioning = false
);
COMMENT ON VIEW "quality" IS 'A row is one check of one video, zone or line.';
COMMENT ON COLUMN "quality"."video" IS 'Name of the video.';
COMMENT ON COLUMN "quality"."local_date" IS 'Local date of the row''s first time; of the recording''s start if the row has no time.';
COMMENT ON COLUMN "quality"."local_hour" IS 'Local hour of the same time, 0 to 23.';
COMMENT ON COLUMN "quality"."check" IS 'Name of the check.';
COMMENT ON COLUMN "quality"."name" IS 'Name of the zone or line; empty for the whole video.';
COMMENT ON COLUMN "quality"."value" IS 'The measured value; missing if it is unknown.';
COMMENT ON COLUMN "quality"."value_unit" IS 'Unit of the value and of both thresholds.';
COMMENT ON COLUMN "quality"."doubtful_above" IS 'Threshold above which the value is doubtful.';
COMMENT ON COLUMN "quality"."bad_above" IS 'Threshold above which the value is bad.';
COMMENT ON COLUMN "quality"."verdict" IS 'The value compared with the thresholds. One of: good, doubtful, bad, unknown.';
COMMENT ON COLUMN "quality"."affects" IS 'Names of the outputs that a high value affects, separated by commas.';
COMMENT ON COLUMN "quality"."meaning" IS 'Meaning of the check and the effect of a high value.';
COMMENT ON COLUMN "quality"."advice" IS 'Recommended action; for an unknown check, the missing information.';

CREATE OR REPLACE VIEW "zones" AS
SELECT
  CAST(NULL AS VARCHAR) AS "zone_key",
  CAST(NULL AS VARCHAR) AS "zone",
  CAST(NULL AS VARCHAR) AS "kind",
  CAST(NULL AS VARCHAR) AS "unit",
  CAST(NULL AS VARCHAR) AS "outline",
  CAST(NULL AS BIGINT) AS "holds_from_ms",
  CAST(NULL AS BIGINT) AS "holds_to_ms",
  CAST(NULL AS DOUBLE) AS "area",
  CAST(NULL AS VARCHAR) AS "camera_key",
  CAST(NULL AS BIGINT) AS "videos"
WHERE false
UNION ALL BY NAME
SELECT * FROM read_parquet(
  coalesce(getvariable('ptrack_root'), '/work/wt-firsthour/[[]''a'']') || '/zones/zones.parquet',
  union_by_name = true, hive_partitioning = false
);
COMMENT ON VIEW "zones" IS 'A row is one zone as drawn for at least one video.';
COMMENT ON COLUMN "zones"."zone_key" IS 'Key of the zone as drawn: a hash of its name, kind, unit, outline and validity.';
COMMENT ON COLUMN "zones"."zone" IS 'Name of the zone.';
COMMENT ON COLUMN "zones"."kind" IS 'Kind, as set in the zone file.';
COMMENT ON COLUMN "zones"."unit" IS 'Unit of the coordinates: fraction, px or m.';
COMMENT ON COLUMN "zones"."outline" IS 'Polygon of the zone as well-known text.';
COMMENT ON COLUMN "zones"."holds_from_ms" IS 'Time from which the zone is valid; missing if valid from the start.';
COMMENT ON COLUMN "zones"."holds_to_ms" IS 'Time from which it is no longer valid; missing if valid to the end.';
COMMENT ON COLUMN "zones"."area" IS 'Area of the outline, in squared units.';
COMMENT ON COLUMN "zones"."camera_key" IS 'Key of the camera; missing if unknown or if several cameras have the zone.';
COMMENT ON COLUMN "zones"."videos" IS 'Number of videos that have it.';

CREATE OR REPLACE VIEW "lines" AS
SELECT
  CAST(NULL AS VARCHAR) AS "line_key",
  CAST(NULL AS VARCHAR) AS "line",
  CAST(NULL AS VARCHAR) AS "kind",
  CAST(NULL AS VARCHAR) AS "unit",
  CAST(NULL AS VARCHAR) AS "outline",
  CAST(NULL AS DOUBLE) AS "length",
  CAST(NULL AS BIGINT) AS "videos"
WHERE false
UNION ALL BY NAME
SELECT * FROM read_parquet(
  coalesce(getvariable('ptrack_root'), '/work/wt-firsthour/[[]''a'']') || '/lines/lines.parquet',
  union_by_name = true, hive_partitioning = false
);
COMMENT ON VIEW "lines" IS 'A row is one line as drawn for at least one video.';
COMMENT ON COLUMN "lines"."line_key" IS 'Key of the line as drawn: a hash of its name, kind, unit and vertices in order.';
COMMENT ON COLUMN "lines"."line" IS 'Name of the line.';
COMMENT ON COLUMN "lines"."kind" IS 'Kind, as set in the zone file.';
COMMENT ON COLUMN "lines"."unit" IS 'Unit of the coordinates: fraction, px or m.';
COMMENT ON COLUMN "lines"."outline" IS 'Line as well-known text, with its vertices in order.';
COMMENT ON COLUMN "lines"."length" IS 'Length of the line, in its unit.';
COMMENT ON COLUMN "lines"."videos" IS 'Number of videos that have it.';

CREATE OR REPLACE VIEW "cameras" AS
SELECT
  CAST(NULL AS VARCHAR) AS "camera_key",
  CAST(NULL AS VARCHAR) AS "camera",
  CAST(NULL AS VARCHAR) AS "site",
  CAST(NULL AS VARCHAR) AS "timezone",
  CAST(NULL AS DATE) AS "first_date",
  CAST(NULL AS DATE) AS "last_date",
  CAST(NULL AS BIGINT) AS "videos"
WHERE false
UNION ALL BY NAME
SELECT * FROM read_parquet(
  coalesce(getvariable('ptrack_root'), '/work/wt-firsthour/[[]''a'']') || '/cameras/cameras.parquet',
  union_by_name = true, hive_partitioning = false
);
COMMENT ON VIEW "cameras" IS 'A row is one camera of one site, or the unknown cameras of a site.';
COMMENT ON COLUMN "cameras"."camera_key" IS 'Key of the camera in the table cameras: site/camera, with %2F for a slash and %25 for a percent sign in a name. The part of an unknown name is empty.';
COMMENT ON COLUMN "cameras"."camera" IS 'Name of the camera; missing if unknown.';
COMMENT ON COLUMN "cameras"."site" IS 'Name of the site; missing if unknown.';
COMMENT ON COLUMN "cameras"."timezone" IS 'Time zone of the camera; missing if its videos differ.';
COMMENT ON COLUMN "cameras"."first_date" IS 'Local date of the start of the first recording; missing without a clock.';
COMMENT ON COLUMN "cameras"."last_date" IS 'Local date of the start of the last recording; missing without a clock.';
COMMENT ON COLUMN "cameras"."videos" IS 'Number of videos.';

CREATE OR REPLACE VIEW "sites" AS
SELECT
  CAST(NULL AS VARCHAR) AS "site",
  CAST(NULL AS VARCHAR) AS "timezone",
  CAST(NULL AS VARCHAR) AS "opening_hours",
  CAST(NULL AS BIGINT) AS "cameras",
  CAST(NULL AS DATE) AS "first_date",
  CAST(NULL AS DATE) AS "last_date",
  CAST(NULL AS BIGINT) AS "videos"
WHERE false
UNION ALL BY NAME
SELECT * FROM read_parquet(
  coalesce(getvariable('ptrack_root'), '/work/wt-firsthour/[[]''a'']') || '/sites/sites.parquet',
  union_by_name = true, hive_partitioning = false
);
COMMENT ON VIEW "sites" IS 'A row is one site.';
COMMENT ON COLUMN "sites"."site" IS 'Name of the site.';
COMMENT ON COLUMN "sites"."timezone" IS 'Time zone of the site; missing if its videos differ.';
COMMENT ON COLUMN "sites"."opening_hours" IS 'Opening hours; missing if unknown or if its videos differ.';
COMMENT ON COLUMN "sites"."cameras" IS 'Number of cameras with a known name.';
COMMENT ON COLUMN "sites"."first_date" IS 'Local date of the start of the first recording; missing without a clock.';
COMMENT ON COLUMN "sites"."last_date" IS 'Local date of the start of the last recording; missing without a clock.';
COMMENT ON COLUMN "sites"."videos" IS 'Number of videos.';

CREATE OR REPLACE VIEW "dates" AS
SELECT
  CAST(NULL AS DATE) AS "date",
  CAST(NULL AS BIGINT) AS "year",
  CAST(NULL AS BIGINT) AS "quarter",
  CAST(NULL AS BIGINT) AS "month",
  CAST(NULL AS VARCHAR) AS "month_name",
  CAST(NULL AS BIGINT) AS "day_of_month",
  CAST(NULL AS BIGINT) AS "iso_year",
  CAST(NULL AS BIGINT) AS "iso_week",
  CAST(NULL AS BIGINT) AS "weekday",
  CAST(NULL AS VARCHAR) AS "weekday_name",
  CAST(NULL AS BOOLEAN) AS "weekend",
  CAST(NULL AS VARCHAR) AS "holiday"
WHERE false
UNION ALL BY NAME
SELECT * FROM read_parquet(
  coalesce(getvariable('ptrack_root'), '/work/wt-firsthour/[[]''a'']') || '/dates/dates.parquet',
  union_by_name = true, hive_partitioning = false
);
COMMENT ON VIEW "dates" IS 'A row is one day of the calendar, in whole years from the first to the last with a recording.';
COMMENT ON COLUMN "dates"."date" IS 'The day.';
COMMENT ON COLUMN "dates"."year" IS 'Year.';
COMMENT ON COLUMN "dates"."quarter" IS 'Quarter, 1 to 4.';
COMMENT ON COLUMN "dates"."month" IS 'Month, 1 to 12.';
COMMENT ON COLUMN "dates"."month_name" IS 'Name of the month, in English.';
COMMENT ON COLUMN "dates"."day_of_month" IS 'Day of the month, 1 to 31.';
COMMENT ON COLUMN "dates"."iso_year" IS 'Year of the ISO 8601 week.';
COMMENT ON COLUMN "dates"."iso_week" IS 'ISO 8601 week, 1 to 53.';
COMMENT ON COLUMN "dates"."weekday" IS 'ISO 8601 day of the week: 1 is Monday, 7 is Sunday.';
COMMENT ON COLUMN "dates"."weekday_name" IS 'Name of the day of the week, in English.';
COMMENT ON COLUMN "dates"."weekend" IS 'Whether the day is a Saturday or a Sunday.';
COMMENT ON COLUMN "dates"."holiday" IS 'Name of the public holiday by the general option holidays; missing on other days and in years without known holidays. Holidays of single cameras are not included.';

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
COMMENT ON VIEW "visits_joined" IS 'Each visit with its site, camera, zone and date: one table for tools that do not join.';

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
COMMENT ON VIEW "dwell_by_zone" IS 'Visits and dwell per zone and video, including zones without visits. Visits counted in start_unobserved or end_unobserved lasted longer than observed. dwell_s does not include without_position_s, the part of time_in_scene_s without a position.';

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
COMMENT ON VIEW "first_crossings" IS 'Each person''s first crossing of each line per direction, to count the people who crossed.';

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
COMMENT ON VIEW "footfall_hourly" IS 'Visits per zone, camera and local hour in which they began. entries counts the visits with an observed start, dwell_s is the full dwell of the visits, and recorded_time_s is the recorded time. People are not counted, because a person in two videos would count twice. Without a clock, the date is null.';

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
COMMENT ON VIEW "footfall_daily" IS 'Visits per zone, camera and local day in which they began. entries counts the visits with an observed start, dwell_s is the full dwell of the visits, and recorded_time_s is the recorded time. People are not counted, because a person in two videos would count twice. Without a clock, the date is null.';

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
COMMENT ON VIEW "presence" IS 'People present per bin in each zone and in the scene (zone ''''). mean_persons is weighted by time. For several bins, divide the sum of person_seconds_s by the sum of recorded_time_s.';

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
COMMENT ON VIEW "presence_hourly" IS 'People present per zone, camera and local hour. The zone '''' is the scene. max_persons is the maximum of one video.';
