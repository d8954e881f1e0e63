with

source as (
    select * from {{ source('lake', 'contracts') }}
),

final as (
    select
        contract_id,
        vehicle_id,
        customer_id,
        product,
        tier,
        effective_date,
        expiry_date,
        annual_premium,
        channel,
        payment_plan,
        status,
        cancelled_on,
        renewal_of,
        vehicle_age_years,
        declared_annual_km
    from source
)

select * from final
