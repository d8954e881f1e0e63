-- From month to month, contracts in force change by those begun and ended, kinds add up, and the last
-- month has as many as are in force at the valuation date.

with

months as (
    select
        *,
        lag(in_force_count) over (
            partition by product, tier
            order by month_start nulls last
        ) as before_count,
        lag(month_start) over (
            partition by product, tier
            order by month_start nulls last
        ) as month_before,
        row_number() over (
            partition by product, tier
            order by month_start desc nulls last
        ) as months_to_end
    from {{ ref('contracts_by_month') }}
),

last_month as (
    select coalesce(sum(in_force_count), 0) as in_force_count
    from months
    where months_to_end = 1
),

control as (
    select coalesce(sum(amount), 0) as in_force_count
    from {{ ref('int_control_totals') }}
    where measure = 'contracts_in_force'
)

select
    product,
    tier,
    month_start,
    in_force_count
from months
where
    in_force_count <> coalesce(before_count, 0) + begun_count - ended_count
    or {{ months_between('month_before', 'month_start') }} <> 1
    or begun_count <> new_count + renewed_count + tier_changed_count + transferred_count
    or ended_count <> succeeded_count + lapsed_count + cancelled_count
union all
select
    'all' as product,
    'all' as tier,
    cast(null as date) as month_start,
    last_month.in_force_count
from last_month
cross join control
where last_month.in_force_count <> control.in_force_count
