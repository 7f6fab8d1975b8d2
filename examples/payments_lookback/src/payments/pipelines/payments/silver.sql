-- Edit this first: what a clean row of payments is. `input` has the rows of this run that passed the
-- contract's checks, typed as the contract says. Where a key comes more than once in one window, the last one
-- in the source counts: the same one on every rerun. Keep the columns as contract.yml has them.
SELECT
    payment_id,
    paid_at,
    amount,
    currency,
    _unit,
    _file
FROM (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY
                _unit,
                payment_id
            ORDER BY
                _file DESC,
                _row DESC
        ) AS _place
    FROM input
) AS placed
WHERE _place = 1
