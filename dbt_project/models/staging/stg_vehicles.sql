with

source as (
    select * from {{ source('lake', 'vehicles') }}
),

final as (
    select
        vehicle_id,
        make,
        model,
        model_year,
        powertrain,
        body,
        list_price,
        in_service_date,
        region
    from source
)

select * from final
