with

costs as (
    select * from {{ ref('int_contract_cover_costs') }}
),

final as (
    select
        contract_id,
        cover,
        vehicle_id,
        cell_id,
        product,
        tier,
        effective_date,
        last_day,
        expiry_date,
        last_day_in_force,
        annual_km,
        period,
        annual_premium,
        exposure_days,
        exposure_years,
        reported_count,
        claim_count,
        gross_amount,
        recovery_amount
    from costs
    where exposure_days > 0
)

select * from final
