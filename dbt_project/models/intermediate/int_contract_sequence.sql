-- One row per contract: how it began (new, renewed, tier changed, transferred to another customer) and how
-- it ended by the valuation date (still in force, succeeded, lapsed, cancelled).

with

periods as (
    select * from {{ ref('int_contract_periods') }}
    where last_day_in_force >= effective_date
),

parameters as (
    select * from {{ ref('stg_run_parameters') }}
),

neighbours as (
    select
        periods.*,
        parameters.valuation_date,
        lag(periods.contract_id) over (
            partition by periods.vehicle_id, periods.product
            order by periods.effective_date nulls last, periods.contract_id nulls last
        ) as previous_contract_id,
        lag(periods.last_day_in_force) over (
            partition by periods.vehicle_id, periods.product
            order by periods.effective_date nulls last, periods.contract_id nulls last
        ) as previous_last_day,
        lag(periods.customer_id) over (
            partition by periods.vehicle_id, periods.product
            order by periods.effective_date nulls last, periods.contract_id nulls last
        ) as previous_customer_id,
        lag(periods.tier) over (
            partition by periods.vehicle_id, periods.product
            order by periods.effective_date nulls last, periods.contract_id nulls last
        ) as previous_tier,
        lag(periods.expiry_date) over (
            partition by periods.vehicle_id, periods.product
            order by periods.effective_date nulls last, periods.contract_id nulls last
        ) as previous_expiry_date,
        lead(periods.effective_date) over (
            partition by periods.vehicle_id, periods.product
            order by periods.effective_date nulls last, periods.contract_id nulls last
        ) as next_effective_date
    from periods
    cross join parameters
),

-- A successor begins within thirty days: a customer who pays a little late has not lapsed.
linked as (
    select
        *,
        {{ days_between('previous_last_day', 'effective_date') }} - 1 as gap_days,
        coalesce({{ days_between('previous_last_day', 'effective_date') }} <= 31, false) as follows_another,
        coalesce(
            {{ days_between('last_day_in_force', 'next_effective_date') }} <= 31
            and next_effective_date <= valuation_date,
            false
        ) as is_followed
    from neighbours
),

final as (
    select
        contract_id,
        vehicle_id,
        product,
        tier,
        customer_id,
        effective_date,
        expiry_date,
        last_day_in_force,
        last_day,
        previous_contract_id,
        previous_tier,
        gap_days,
        case
            when not follows_another then 'new'
            when customer_id <> previous_customer_id then 'transferred'
            when effective_date <= previous_expiry_date and tier <> previous_tier then 'tier_changed'
            else 'renewed'
        end as begun_as,
        case
            when last_day_in_force >= valuation_date then 'in_force'
            when is_followed then 'succeeded'
            when coalesce(cancelled_on <= expiry_date, cancelled_on is not null) then 'cancelled'
            else 'lapsed'
        end as ended_as,
        is_followed
    from linked
)

select * from final
