-- Edit this first: what people ask of products. `input` has all silver rows, so that the numbers are
-- computed again and never added to.
SELECT
    count(*) AS rows,
    CAST(sum(price) AS DECIMAL(38,2)) AS total_price
FROM input
