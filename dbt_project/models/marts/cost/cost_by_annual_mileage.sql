with

costs as (
    select * from {{ ref('cost_by_factor_level') }}
    where factor = 'annual_mileage'
),

final as (
    select
        cover,
        level as annual_mileage,
        level_order,
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
