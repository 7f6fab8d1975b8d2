-- Edit this first: what people ask of flights. `input` has the silver rows of each day that this run
-- touched, all of them, so that a day's numbers are computed again and never added to. Days are days in UTC.
SELECT
    CAST(time_hour AS DATE) AS day,
    count(*) AS rows,
    CAST(sum(distance) AS DECIMAL(38,0)) AS total_distance
FROM input
GROUP BY CAST(time_hour AS DATE)
ORDER BY CAST(time_hour AS DATE)
