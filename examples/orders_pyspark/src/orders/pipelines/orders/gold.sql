-- Edit this first: what people ask of orders. `input` has the silver rows of each day that this run
-- touched, all of them, so that a day's numbers are computed again and never added to. Days are days in UTC.
SELECT
    CAST(ordered_at AS DATE) AS day,
    count(*) AS rows,
    CAST(sum(amount) AS DECIMAL(38,2)) AS total_amount
FROM input
GROUP BY CAST(ordered_at AS DATE)
ORDER BY CAST(ordered_at AS DATE)
