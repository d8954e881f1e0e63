-- One row per calendar month from the first contract to the valuation date.

with

contracts as (
    select * from {{ ref('stg_contracts') }}
    where cancelled_on is null or cancelled_on > effective_date
),

parameters as (
    select * from {{ ref('stg_run_parameters') }}
),

first_days as (
    select {{ month_of('min(effective_date)') }} as first_month
    from contracts
),

bounds as (
    select
        first_days.first_month,
        {{ month_of('parameters.valuation_date') }} as last_month
    from first_days
    cross join parameters
),

months as (
    {{ month_series('bounds', 'first_month', 'last_month') }}
),

final as (
    select
        month_start,
        {{ add_days(dbt.dateadd('month', 1, 'month_start'), -1) }} as month_end
    from months
)

select
    month_start,
    month_end,
    {{ days_between('month_start', 'month_end') }} + 1 as month_days
from final
