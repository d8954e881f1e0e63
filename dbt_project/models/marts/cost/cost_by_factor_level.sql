with

costs as (
    select * from {{ ref('int_factor_costs') }}
),

shares as (
    select
        *,
        sum(exposure_days) over (partition by cover, factor) as all_exposure_days,
        sum(incurred_amount) over (partition by cover, factor) as all_incurred_amount
    from costs
),

final as (
    select
        cover,
        factor,
        level,
        level_order,
        exposure_days,
        -- Days are whole numbers: their sum is the same in whatever order an engine adds them.
        exposure_days / 365.25e0 as exposure_years,
        claim_count,
        incurred_amount,
        {{ ratio('claim_count', 'exposure_days / 365.25e0') }} as frequency,
        {{ ratio('incurred_amount', 'claim_count') }} as severity,
        {{ ratio('incurred_amount', 'exposure_days / 365.25e0') }} as burning_cost,
        {{ ratio('exposure_days', 'all_exposure_days') }} as exposure_share,
        {{ ratio('incurred_amount', 'all_incurred_amount') }} as incurred_share
    from shares
)

select * from final
