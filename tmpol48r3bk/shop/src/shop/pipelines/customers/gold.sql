-- Edit this first: what people ask of customers. `input` has all silver rows, so that the numbers are
-- computed again and never added to.
SELECT
    count(*) AS rows
FROM input
