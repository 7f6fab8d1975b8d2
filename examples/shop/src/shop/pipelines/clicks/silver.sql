-- Edit this first: what a clean row of clicks is. `input` has the rows of this run that passed the
-- contract's checks, typed as the contract says. Where a key comes more than once, the last one
-- in the source counts: the same one on every rerun. Keep the columns as contract.yml has them.
SELECT
    click_id,
    clicked_at,
    page,
    _file
FROM (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY
                click_id
            ORDER BY
                _unit DESC,
                _file DESC,
                _row DESC
        ) AS _place
    FROM input
) AS placed
WHERE _place = 1
