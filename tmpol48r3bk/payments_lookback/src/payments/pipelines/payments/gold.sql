-- Edit this first: what people ask of payments. `input` has the silver rows, so that every number is
-- computed again and never added to. Days are days in UTC; a trailing total covers 7 of them, its own
-- day included, also where a day has no rows.
SELECT
    day,
    rows,
    total_amount,
    CAST(
        sum(rows) OVER (
            ORDER BY CAST(day AS TIMESTAMP)
            RANGE BETWEEN INTERVAL 6 DAYS PRECEDING AND CURRENT ROW
        ) AS BIGINT
    ) AS trailing_rows,
    CAST(
        sum(total_amount) OVER (
            ORDER BY CAST(day AS TIMESTAMP)
            RANGE BETWEEN INTERVAL 6 DAYS PRECEDING AND CURRENT ROW
        ) AS DECIMAL(38,2)
    ) AS trailing_amount
FROM (
    SELECT
        CAST(paid_at AS DATE) AS day,
        count(*) AS rows,
        CAST(sum(amount) AS DECIMAL(38,2)) AS total_amount
    FROM input
    GROUP BY CAST(paid_at AS DATE)
) AS days
ORDER BY day
