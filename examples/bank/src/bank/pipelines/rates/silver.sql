-- Edit this first: what a clean row of rates is. `input` has the rows of this run that passed the
-- contract's checks, typed as the contract says. Where a key comes more than once, the last one
-- in the source counts: the same one on every rerun. Keep the columns as contract.yml has them.
SELECT
    currency,
    rate,
    _file
FROM (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY
                _unit,
                currency
            ORDER BY
                _file DESC,
                _row DESC
        ) AS _place
    FROM input
) AS placed
WHERE _place = 1
