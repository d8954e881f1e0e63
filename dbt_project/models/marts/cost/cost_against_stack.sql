with

plan_costs as (
    select * from {{ ref('int_plan_costs') }}
),

sums as (
    select
        product,
        tier,
        line,
        sum(exposure_days) as exposure_days,
        sum(planned_amount) as planned_amount,
        sum(actual_amount) as actual_amount
    from plan_costs
    group by product, tier, line
),

-- A line that is not in the stack has no exposure of its own: it is spread over its tier's.
tiers as (
    select
        product,
        tier,
        max(exposure_days) / 365.25e0 as exposure_years
    from sums
    group by product, tier
),

final as (
    select
        sums.product,
        sums.tier,
        sums.line,
        tiers.exposure_years,
        {{ money('sums.planned_amount') }} as planned_amount,
        {{ money('sums.actual_amount') }} as actual_amount,
        {{ ratio('sums.planned_amount', 'tiers.exposure_years') }} as planned_per_year,
        {{ ratio('sums.actual_amount', 'tiers.exposure_years') }} as actual_per_year,
        {{ ratio('sums.actual_amount', 'sums.planned_amount') }} as actual_over_planned
    from sums
    inner join tiers on sums.product = tiers.product and sums.tier = tiers.tier
)

select * from final
