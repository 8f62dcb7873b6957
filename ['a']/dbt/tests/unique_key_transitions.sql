-- written by ptrack-analysis. Rows of transitions whose key (video, origin, destination) is not unique.
select "video", "origin", "destination", count(*) as rows_with_key
from {{ source('ptrack', 'transitions') }}
group by "video", "origin", "destination"
having count(*) > 1
