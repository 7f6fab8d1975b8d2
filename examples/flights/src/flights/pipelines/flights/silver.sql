-- Edit this first: what a clean row of flights is. `input` has the rows of this run that passed the
-- contract's checks, typed as the contract says. Where a key comes more than once in one window, the last one
-- in the source counts: the same one on every rerun. Keep the columns as contract.yml has them.
SELECT
    year,
    month,
    day,
    dep_time,
    sched_dep_time,
    dep_delay,
    arr_time,
    sched_arr_time,
    arr_delay,
    carrier,
    flight,
    tailnum,
    origin,
    dest,
    air_time,
    distance,
    hour,
    minute,
    time_hour,
    _unit,
    _file
FROM (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY
                _unit,
                time_hour,
                carrier,
                flight
            ORDER BY
                _file DESC,
                _row DESC
        ) AS _place
    FROM input
) AS placed
WHERE _place = 1
