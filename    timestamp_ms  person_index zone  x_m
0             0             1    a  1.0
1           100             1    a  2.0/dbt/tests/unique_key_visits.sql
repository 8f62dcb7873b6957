-- written by ptrack-analysis. Rows of visits whose key (video, person, zone, visit) is not unique.
select "video", "person", "zone", "visit", count(*) as rows_with_key
from {{ source('ptrack', 'visits') }}
group by "video", "person", "zone", "visit"
having count(*) > 1
