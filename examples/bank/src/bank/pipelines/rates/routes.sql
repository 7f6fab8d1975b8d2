-- Edit this first: which table a row of rates goes to. `input` has the silver rows that this run wrote,
-- `settings` one row with pipelines.rates.routing of conf/. The first rule that is true wins. A route is
-- declared by its table in contract.yml, silver_<route>; what no rule takes goes to silver_rest.
SELECT
    input.*,
    CASE
        WHEN rate >= settings.threshold THEN 'large'
    END AS _route
FROM input
CROSS JOIN settings
