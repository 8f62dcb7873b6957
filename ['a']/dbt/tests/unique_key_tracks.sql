-- written by ptrack-analysis. Rows of tracks whose key (video, person) is not unique.
select "video", "person", count(*) as rows_with_key
from {{ source('ptrack', 'tracks') }}
group by "video", "person"
having count(*) > 1
