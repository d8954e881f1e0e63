-- One row per cover, factor and level, and one over all covers: exposure, claims and money inside it.

with

terms as (
    select * from {{ ref('int_contract_terms') }}
),

covers as (
    select * from {{ ref('int_contract_covers') }}
),

levels as (
    select * from {{ ref('int_contract_levels') }}
),

events as (
    select * from {{ ref('int_cost_events') }}
    where outside_reason is null
),

event_costs as (
    select
        contract_id,
        cover,
        count_if(incurred_amount > 0) as claim_count,
        sum(incurred_amount) as incurred_amount
    from events
    group by contract_id, cover
),

-- A vehicle-year is one vehicle-year, however many covers are held in it.
exposures as (
    select
        terms.contract_id,
        covers.cover,
        terms.exposure_days
    from terms
    inner join covers on terms.contract_id = covers.contract_id
    union all
    select
        contract_id,
        'all covers' as cover,
        exposure_days
    from terms
),

exposures_by_level as (
    select
        exposures.cover,
        levels.factor,
        levels.level,
        sum(exposures.exposure_days) as exposure_days
    from exposures
    inner join levels on exposures.contract_id = levels.contract_id
    group by exposures.cover, levels.factor, levels.level
),

costs_by_level as (
    select
        event_costs.cover,
        levels.factor,
        levels.level,
        sum(event_costs.claim_count) as claim_count,
        sum(event_costs.incurred_amount) as incurred_amount
    from event_costs
    inner join levels on event_costs.contract_id = levels.contract_id
    group by event_costs.cover, levels.factor, levels.level
),

costs_with_total as (
    select * from costs_by_level
    union all
    select
        'all covers' as cover,
        factor,
        level,
        sum(claim_count) as claim_count,
        sum(incurred_amount) as incurred_amount
    from costs_by_level
    group by factor, level
),

orders as (
    select
        factor,
        level,
        max(level_order) as level_order
    from levels
    group by factor, level
),

joined as (
    select
        coalesce(exposures_by_level.cover, costs_with_total.cover) as cover,
        coalesce(exposures_by_level.factor, costs_with_total.factor) as factor,
        coalesce(exposures_by_level.level, costs_with_total.level) as level,
        coalesce(exposures_by_level.exposure_days, 0) as exposure_days,
        coalesce(costs_with_total.claim_count, 0) as claim_count,
        coalesce(costs_with_total.incurred_amount, 0) as incurred_amount
    from exposures_by_level
    full outer join costs_with_total
        on
            exposures_by_level.cover = costs_with_total.cover
            and exposures_by_level.factor = costs_with_total.factor
            and exposures_by_level.level = costs_with_total.level
),

final as (
    select
        joined.cover,
        joined.factor,
        joined.level,
        orders.level_order,
        cast(joined.exposure_days as bigint) as exposure_days,
        cast(joined.claim_count as bigint) as claim_count,
        {{ money('joined.incurred_amount') }} as incurred_amount
    from joined
    left join orders on joined.factor = orders.factor and joined.level = orders.level
)

select * from final
