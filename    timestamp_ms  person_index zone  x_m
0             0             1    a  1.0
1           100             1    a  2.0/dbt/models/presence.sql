-- written by ptrack-analysis
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
  FROM {{ source('ptrack', 'occupancy') }} AS occupancy
  UNION ALL
  SELECT video, zone, zone_key,
    timestamp_ms, recorded_at, local_date, local_hour, recorded_time_s, mean_persons, max_persons, person_seconds_s
  FROM {{ source('ptrack', 'zone_occupancy') }} AS zone_occupancy
) AS bins
JOIN {{ source('ptrack', 'videos') }} AS videos ON videos.video = bins.video
