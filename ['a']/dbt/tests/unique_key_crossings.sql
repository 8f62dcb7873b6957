-- written by ptrack-analysis. Rows of crossings whose key (video, person, line, timestamp_ms) is not unique.
select "video", "person", "line", "timestamp_ms", count(*) as rows_with_key
from {{ source('ptrack', 'crossings') }}
group by "video", "person", "line", "timestamp_ms"
having count(*) > 1
