-- written by ptrack-analysis
WITH zones_of_videos AS (
  SELECT DISTINCT video, zone, zone_key FROM {{ source('ptrack', 'zone_occupancy') }} AS zone_occupancy
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
  FROM {{ source('ptrack', 'visits') }} AS visits
  GROUP BY video, zone
),
scenes AS (
  SELECT video, sum(time_in_scene_s) AS time_in_scene_s, sum(without_position_s) AS without_position_s
  FROM {{ source('ptrack', 'tracks') }} AS tracks
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
LEFT JOIN scenes ON scenes.video = zones_of_videos.video
