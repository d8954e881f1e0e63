{{ config(tags=['control']) }}

-- What the marts must add up to, by month, reckoned from the staged rows alone and by other ways than the
-- marts: the tests `reconciles` compare the two. Days and counts are kept beside money, as decimals.

with

contracts as (
    select * from {{ ref('stg_contracts') }}
),

claims as (
    select * from {{ ref('stg_claims') }}
),

transactions as (
    select * from {{ ref('stg_claim_transactions') }}
),

repair_orders as (
    select * from {{ ref('stg_repair_orders') }}
),

repair_lines as (
    select * from {{ ref('stg_repair_lines') }}
),

parameters as (
    select * from {{ ref('stg_run_parameters') }}
),

months as (
    select * from {{ ref('int_months') }}
),


limits as (
    select * from {{ ref('tier_limits') }}
),

thresholds as (
    select * from {{ ref('large_loss_thresholds') }}
),

-- A contract without an end is counted to the valuation date, or to the day it was cancelled.
terms as (
    select
        contracts.contract_id,
        contracts.vehicle_id,
        contracts.product,
        contracts.tier,
        contracts.effective_date,
        contracts.cancelled_on,
        contracts.annual_premium,
        coalesce(
            contracts.expiry_date,
            {{ add_days('contracts.cancelled_on', -1) }},
            greatest(contracts.effective_date, parameters.valuation_date)
        ) as expiry_date
    from contracts
    cross join parameters
),

ends as (
    select
        contracts.contract_id,
        contracts.vehicle_id,
        coalesce(contracts.product, 'unspecified') as product,
        contracts.tier,
        contracts.effective_date,
        contracts.expiry_date,
        contracts.cancelled_on,
        contracts.annual_premium,
        parameters.valuation_date,
        {{ days_between('contracts.effective_date', 'contracts.expiry_date') }} + 1 as term_days,
        -- A contract cancelled after its expiry ran to its expiry.
        greatest(least(
            coalesce(
                {{ days_between('contracts.effective_date', 'contracts.cancelled_on') }},
                {{ days_between('contracts.effective_date', 'contracts.expiry_date') }} + 1
            ),
            {{ days_between('contracts.effective_date', 'contracts.expiry_date') }} + 1
        ), 0) as kept_days,
        {{ days_between('contracts.effective_date', add_years('contracts.effective_date', 1)) }} as year_days
    from terms as contracts
    cross join parameters
    where contracts.cancelled_on is null or contracts.cancelled_on > contracts.effective_date
),

-- Days of each contract in each month, and the latest day already promised to the vehicle in it.
contract_months as (
    select
        ends.*,
        months.month_start,
        greatest(ends.effective_date, months.month_start) as first_day,
        least(
            {{ add_days('ends.effective_date', 'ends.kept_days - 1') }}, ends.valuation_date, months.month_end
        ) as last_day
    from ends
    inner join months
        on
            ends.effective_date <= months.month_end
            and {{ add_days('ends.effective_date', 'ends.kept_days - 1') }} >= months.month_start
    where ends.kept_days > 0 and ends.effective_date <= ends.valuation_date
),

swept as (
    select
        *,
        max(last_day) over (
            partition by vehicle_id, product, month_start
            order by first_day nulls last, contract_id nulls last
            rows between unbounded preceding and 1 preceding
        ) as latest_day_before
    from contract_months
),

exposure as (
    select
        month_start,
        sum(case
            when latest_day_before is null or latest_day_before < first_day
                then {{ days_between('first_day', 'last_day') }} + 1
            else greatest({{ days_between('latest_day_before', 'last_day') }}, 0)
        end) as amount
    from swept
    group by month_start
),

line_totals as (
    select
        repair_order_id,
        sum(amount) as amount
    from repair_lines
    group by repair_order_id
),

plan_orders as (
    select
        repair_orders.repair_order_id,
        repair_orders.vehicle_id,
        repair_orders.opened_on,
        repair_orders.visit_type,
        coalesce(line_totals.amount, repair_orders.total_amount, 0) as amount
    from repair_orders
    cross join parameters
    left join line_totals on repair_orders.repair_order_id = line_totals.repair_order_id
    where repair_orders.payer = 'plan' and repair_orders.opened_on <= parameters.valuation_date
),

known_claims as (
    select claims.*
    from claims
    cross join parameters
    where
        coalesce(claims.reported_date, claims.loss_date, parameters.valuation_date)
        <= parameters.valuation_date
),

movements as (
    select
        transactions.*,
        claims.loss_date,
        coalesce(claims.loss_date, contracts.effective_date) as event_date
    from transactions
    cross join parameters
    left join known_claims as claims on transactions.claim_id = claims.claim_id
    left join contracts on claims.contract_id = contracts.contract_id
    where
        transactions.transaction_date is null
        or transactions.transaction_date <= parameters.valuation_date
),

claim_amounts as (
    select
        movements.claim_id,
        sum(movements.amount) as amount
    from movements
    group by movements.claim_id
),

incurred as (
    select
        event_date,
        kind,
        amount
    from movements
    union all
    select
        opened_on as event_date,
        'payment' as kind,
        amount
    from plan_orders
),

measures as (
    select
        'exposure_days' as measure,
        month_start,
        amount
    from exposure
    union all
    select
        'incurred' as measure,
        {{ month_of('event_date') }} as month_start,
        amount
    from incurred
    union all
    select
        case kind when 'payment' then 'paid' when 'reserve' then 'reserve' else 'recovered' end as measure,
        {{ month_of('event_date') }} as month_start,
        amount
    from incurred
    union all
    select
        'movements' as measure,
        {{ month_of('transaction_date') }} as month_start,
        amount
    from transactions
    union all
    select
        'claims_incurred' as measure,
        cast(null as date) as month_start,
        amount
    from movements
    union all
    select
        'claims' as measure,
        cast(null as date) as month_start,
        1 as amount
    from (
        select claim_id from known_claims
        union
        select claim_id from movements
    ) as claims_and_movements
    union all
    select
        'orders' as measure,
        cast(null as date) as month_start,
        1 as amount
    from plan_orders
    union all
    select
        'contracts' as measure,
        cast(null as date) as month_start,
        1 as amount
    from contracts
    union all
    select
        'dated_claims' as measure,
        cast(null as date) as month_start,
        1 as amount
    from known_claims
    where loss_date is not null and reported_date is not null
    union all
    select
        'reported_claims' as measure,
        {{ month_of('reported_date') }} as month_start,
        1 as amount
    from known_claims
    where reported_date is not null
    union all
    select
        'large_losses' as measure,
        cast(null as date) as month_start,
        claim_amounts.amount
    from claim_amounts
    cross join parameters
    left join known_claims on claim_amounts.claim_id = known_claims.claim_id
    left join thresholds as general
        on
            general.cover = '*'
            and parameters.valuation_date >= general.effective_from
            and parameters.valuation_date <= general.effective_to
    left join thresholds as own
        on
            known_claims.cover = own.cover
            and parameters.valuation_date >= own.effective_from
            and parameters.valuation_date <= own.effective_to
    where claim_amounts.amount >= coalesce(own.threshold_amount, general.threshold_amount)
    union all
    select
        'contracts_begun' as measure,
        {{ month_of('effective_date') }} as month_start,
        1 as amount
    from ends
    where kept_days > 0 and effective_date <= valuation_date
    union all
    select
        'contracts_in_force' as measure,
        cast(null as date) as month_start,
        1 as amount
    from ends
    where
        effective_date <= valuation_date
        and {{ add_days('effective_date', 'kept_days - 1') }} >= valuation_date
    union all
    select
        'written' as measure,
        {{ month_of('effective_date') }} as month_start,
        {{ money_share('annual_premium', 'term_days', 'year_days') }} as amount
    from ends
    where effective_date <= valuation_date
    union all
    select
        'refunded' as measure,
        {{ month_of('greatest(cancelled_on, effective_date)') }} as month_start,
        {{ money_share('annual_premium', 'kept_days', 'year_days') }}
        - {{ money_share('annual_premium', 'term_days', 'year_days') }} as amount
    from ends
    where cancelled_on is not null and greatest(cancelled_on, effective_date) <= valuation_date
    union all
    select
        'earned' as measure,
        cast(null as date) as month_start,
        {{ money_share(
            money_share('annual_premium', 'kept_days', 'year_days'),
            'least(kept_days, ' ~ days_between('effective_date', 'valuation_date') ~ ' + 1)',
            'kept_days',
        ) }} as amount
    from ends
    where effective_date <= valuation_date
    union all
    select
        'service_cost' as measure,
        cast(null as date) as month_start,
        plan_orders.amount
    from plan_orders
    where
        plan_orders.visit_type = 'service'
        and exists (
            select 1
            from ends
            inner join limits
                on
                    ends.product = limits.product
                    and ends.tier = limits.tier
                    and ends.effective_date >= limits.effective_from
                    and ends.effective_date <= limits.effective_to
            where
                ends.vehicle_id = plan_orders.vehicle_id
                and ends.effective_date <= plan_orders.opened_on
                and {{ add_days('ends.effective_date', 'ends.kept_days - 1') }} >= plan_orders.opened_on
        )
),

final as (
    select
        measure,
        month_start,
        sum({{ money('amount') }}) as amount
    from measures
    where amount is not null
    group by measure, month_start
)

select
    measure,
    month_start,
    {{ money('amount') }} as amount
from final
