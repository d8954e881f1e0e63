with

contracts as (
    select * from {{ ref('int_contract_sequence') }}
),

months as (
    select * from {{ ref('int_months') }}
),

parameters as (
    select * from {{ ref('stg_run_parameters') }}
),

-- Contracts cancelled before they began or from their first day, by the month in which they were to begin.
not_taken_up as (
    select
        periods.product,
        periods.tier,
        {{ month_of('periods.effective_date') }} as month_start,
        count(*) as not_taken_up_count
    from {{ ref('int_contract_periods') }} as periods
    cross join parameters
    where not periods.is_taken_up and periods.effective_date <= parameters.valuation_date
    group by periods.product, periods.tier, {{ month_of('periods.effective_date') }}
),

plans as (
    select
        product,
        tier
    from contracts
    union
    select
        product,
        tier
    from not_taken_up
),

grid as (
    select
        plans.product,
        plans.tier,
        months.month_start
    from plans
    cross join months
),

begun as (
    select
        contracts.product,
        contracts.tier,
        {{ month_of('contracts.effective_date') }} as month_start,
        count(*) as begun_count,
        count_if(contracts.begun_as = 'new') as new_count,
        count_if(contracts.begun_as = 'renewed') as renewed_count,
        count_if(contracts.begun_as = 'tier_changed') as tier_changed_count,
        count_if(contracts.begun_as = 'transferred') as transferred_count
    from contracts
    cross join parameters
    where contracts.effective_date <= parameters.valuation_date
    group by contracts.product, contracts.tier, {{ month_of('contracts.effective_date') }}
),

-- A contract has ended in the month of the first day on which it is no longer in force.
ended as (
    select
        contracts.product,
        contracts.tier,
        {{ month_of(add_days('contracts.last_day_in_force', 1)) }} as month_start,
        count(*) as ended_count,
        count_if(contracts.ended_as = 'succeeded') as succeeded_count,
        count_if(contracts.ended_as = 'lapsed') as lapsed_count,
        count_if(contracts.ended_as = 'cancelled') as cancelled_count
    from contracts
    cross join parameters
    where
        contracts.effective_date <= parameters.valuation_date
        and contracts.last_day_in_force < parameters.valuation_date
    group by contracts.product, contracts.tier, {{ month_of(add_days('contracts.last_day_in_force', 1)) }}
),

counts as (
    select
        grid.product,
        grid.tier,
        grid.month_start,
        coalesce(begun.begun_count, 0) as begun_count,
        coalesce(begun.new_count, 0) as new_count,
        coalesce(begun.renewed_count, 0) as renewed_count,
        coalesce(begun.tier_changed_count, 0) as tier_changed_count,
        coalesce(begun.transferred_count, 0) as transferred_count,
        coalesce(ended.ended_count, 0) as ended_count,
        coalesce(ended.succeeded_count, 0) as succeeded_count,
        coalesce(ended.lapsed_count, 0) as lapsed_count,
        coalesce(ended.cancelled_count, 0) as cancelled_count,
        coalesce(not_taken_up.not_taken_up_count, 0) as not_taken_up_count
    from grid
    left join begun
        on
            grid.product = begun.product
            and grid.tier = begun.tier
            and grid.month_start = begun.month_start
    left join ended
        on
            grid.product = ended.product
            and grid.tier = ended.tier
            and grid.month_start = ended.month_start
    left join not_taken_up
        on
            grid.product = not_taken_up.product
            and grid.tier = not_taken_up.tier
            and grid.month_start = not_taken_up.month_start
),

final as (
    select
        product,
        tier,
        month_start,
        cast(sum(begun_count - ended_count) over (
            partition by product, tier
            order by month_start nulls last
            rows between unbounded preceding and current row
        ) as bigint) as in_force_count,
        cast(begun_count as bigint) as begun_count,
        cast(new_count as bigint) as new_count,
        cast(renewed_count as bigint) as renewed_count,
        cast(tier_changed_count as bigint) as tier_changed_count,
        cast(transferred_count as bigint) as transferred_count,
        cast(ended_count as bigint) as ended_count,
        cast(succeeded_count as bigint) as succeeded_count,
        cast(lapsed_count as bigint) as lapsed_count,
        cast(cancelled_count as bigint) as cancelled_count,
        cast(not_taken_up_count as bigint) as not_taken_up_count,
        {{ ratio('succeeded_count', 'succeeded_count + lapsed_count') }} as renewal_rate,
        {{ ratio('succeeded_count', 'ended_count') }} as retention_rate
    from counts
)

select * from final
