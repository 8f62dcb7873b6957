-- written by ptrack-analysis
WITH parts AS (
  SELECT
    video, zone, local_date, local_hour,
    1 AS visits, CASE WHEN ("entry" IN ('crossed', 'frame_edge')) THEN 1 ELSE 0 END AS entries, dwell_s, 0.0 AS recorded_time_s
  FROM {{ source('ptrack', 'visits') }} AS visits
  UNION ALL
  SELECT video, zone, local_date, local_hour, 0, 0, 0.0, recorded_time_s
  FROM {{ source('ptrack', 'zone_occupancy') }} AS zone_occupancy
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
JOIN {{ source('ptrack', 'videos') }} AS videos ON videos.video = parts.video
GROUP BY
  videos.site,
  videos.camera,
  parts.zone,
  parts.local_date,
  parts.local_hour
