-- Edit this first: what people ask of clicks. `input` has the silver rows of each day that this run
-- touched, all of them, so that a day's numbers are computed again and never added to. Days are days in UTC.
SELECT
    CAST(clicked_at AS DATE) AS day,
    count(*) AS rows
FROM input
GROUP BY CAST(clicked_at AS DATE)
ORDER BY CAST(clicked_at AS DATE)
