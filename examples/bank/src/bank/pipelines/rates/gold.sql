-- Edit this first: what people ask of rates. `input` has all silver rows, so that the numbers are
-- computed again and never added to.
SELECT
    count(*) AS rows,
    CAST(sum(rate) AS DECIMAL(38,2)) AS total_rate
FROM input
