-- written by ptrack-analysis. Rows of trajectories whose key (video, person, timestamp_ms) is not unique.
select "video", "person", "timestamp_ms", count(*) as rows_with_key
from {{ source('ptrack', 'trajectories') }}
group by "video", "person", "timestamp_ms"
having count(*) > 1
