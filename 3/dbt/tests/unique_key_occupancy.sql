-- written by ptrack-analysis. Rows of occupancy whose key (video, timestamp_ms) is not unique.
select "video", "timestamp_ms", count(*) as rows_with_key
from {{ source('ptrack', 'occupancy') }}
group by "video", "timestamp_ms"
having count(*) > 1
