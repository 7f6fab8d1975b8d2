-- Edit this first: what people ask of visits. `input` has the silver rows of each day that this run
-- touched, all of them, so that a day's numbers are computed again and never added to. Days are days in UTC.
SELECT
    CAST(started_at AS DATE) AS day,
    count(*) AS rows,
    CAST(sum(pages) AS DECIMAL(38,0)) AS total_pages
FROM input
GROUP BY CAST(started_at AS DATE)
ORDER BY CAST(started_at AS DATE)
