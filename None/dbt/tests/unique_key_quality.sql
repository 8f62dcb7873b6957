-- written by ptrack-analysis. Rows of quality whose key (video, check, name) is not unique.
select "video", "check", "name", count(*) as rows_with_key
from {{ source('ptrack', 'quality') }}
group by "video", "check", "name"
having count(*) > 1
