-- Edit this first: what people ask of accounts. `input` has the silver rows of each day that this run
-- touched, all of them, so that a day's numbers are computed again and never added to. Days are days in UTC.
SELECT
    CAST(opened_at AS DATE) AS day,
    count(*) AS rows
FROM input
GROUP BY CAST(opened_at AS DATE)
ORDER BY CAST(opened_at AS DATE)
