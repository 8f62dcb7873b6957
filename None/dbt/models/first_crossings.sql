-- written by ptrack-analysis
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
FROM {{ source('ptrack', 'crossings') }} AS crossings
WHERE crossings.crossing = 1
