-- written by ptrack-analysis. Rows of detections whose key (video, person, timestamp_ms) is not unique.
select "video", "person", "timestamp_ms", count(*) as rows_with_key
from {{ source('ptrack', 'detections') }}
group by "video", "person", "timestamp_ms"
having count(*) > 1
