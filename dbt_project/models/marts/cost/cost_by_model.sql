with

costs as (
    select * from {{ ref('cost_by_factor_level') }}
    where factor = 'model'
),

final as (
    select
        cover,
        level as model,
        exposure_days,
        exposure_years,
        claim_count,
        incurred_amount,
        frequency,
        severity,
        burning_cost,
        exposure_share,
        incurred_share
    from costs
)

select * from final
