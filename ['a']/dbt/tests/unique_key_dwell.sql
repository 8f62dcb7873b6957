-- written by ptrack-analysis. Rows of dwell whose key (video, zone) is not unique.
select "video", "zone", count(*) as rows_with_key
from {{ source('ptrack', 'dwell') }}
group by "video", "zone"
having count(*) > 1
