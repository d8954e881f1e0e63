with

costs as (
    select * from {{ ref('int_contract_cover_costs') }}
),

levels as (
    select * from {{ ref('int_contract_levels') }}
),

sums as (
    select
        costs.cover,
        levels.factor,
        levels.level,
        max(levels.level_order) as level_order,
        -- Days are whole numbers: their sum is the same in whatever order an engine adds them.
        sum(costs.exposure_days) / 365.25e0 as exposure_years,
        sum(costs.claim_count) as claim_count,
        sum(costs.gross_amount) as gross_amount,
        sum(costs.recovery_amount) as recovery_amount
    from costs
    inner join levels on costs.contract_id = levels.contract_id
    group by costs.cover, levels.factor, levels.level
),

final as (
    select
        cover,
        factor,
        level,
        level_order,
        exposure_years,
        cast(claim_count as bigint) as claim_count,
        {{ money('gross_amount + recovery_amount') }} as incurred_amount,
        {{ ratio('claim_count', 'exposure_years') }} as frequency,
        {{ ratio('gross_amount + recovery_amount', 'claim_count') }} as severity,
        {{ ratio('gross_amount + recovery_amount', 'exposure_years') }} as burning_cost
    from sums
)

select * from final
