-- written by ptrack-analysis. Rows of heatmap whose key (video, row, column) is not unique.
select "video", "row", "column", count(*) as rows_with_key
from {{ source('ptrack', 'heatmap') }}
group by "video", "row", "column"
having count(*) > 1
