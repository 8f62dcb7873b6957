-- written by ptrack-analysis. Rows of zone_occupancy whose key (video, zone, timestamp_ms) is not unique.
select "video", "zone", "timestamp_ms", count(*) as rows_with_key
from {{ source('ptrack', 'zone_occupancy') }}
group by "video", "zone", "timestamp_ms"
having count(*) > 1
