-- written by ptrack-analysis
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
  FROM {{ source('ptrack', 'occupancy') }} AS occupancy
  UNION ALL
  SELECT video, zone, zone_key,
    timestamp_ms, recorded_at, local_date, local_hour, recorded_time_s, mean_persons, max_persons, person_seconds_s
  FROM {{ source('ptrack', 'zone_occupancy') }} AS zone_occupancy
) AS bins
JOIN {{ source('ptrack', 'videos') }} AS videos ON videos.video = bins.video
GROUP BY
  videos.site,
  videos.camera,
  bins.zone,
  bins.local_date,
  bins.local_hour
