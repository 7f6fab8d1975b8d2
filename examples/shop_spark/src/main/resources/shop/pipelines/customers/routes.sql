-- Edit this first: which table a row of customers goes to. `input` has the silver rows that this run wrote,
-- `settings` one row with pipelines.customers.routing of conf/. The first rule that is true wins. A route is
-- declared by its table in contract.yml, silver_<route>; what no rule takes goes to silver_rest.
SELECT
    input.*,
    CASE
        WHEN substr(md5(CAST(customer_id AS STRING)), 1, 1) < CAST(settings.digit AS STRING) THEN 'sample'
    END AS _route
FROM input
CROSS JOIN settings
