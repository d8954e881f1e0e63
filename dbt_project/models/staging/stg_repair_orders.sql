with

source as (
    select * from {{ source('lake', 'repair_orders') }}
),

final as (
    select
        repair_order_id,
        vehicle_id,
        opened_on,
        closed_on,
        odometer_km,
        odometer_replaced,
        shop_id,
        visit_type,
        payer,
        claim_id,
        labour_hours,
        total_amount
    from source
)

select * from final
