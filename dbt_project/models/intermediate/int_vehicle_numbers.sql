-- One row per vehicle: a number for it in this build. Millions of vehicle-days are told apart by a number in
-- less time than by a hash of thirty-two letters.

with

vehicles as (
    select * from {{ ref('stg_vehicles') }}
),

final as (
    select
        vehicle_id,
        cast(row_number() over (order by vehicle_id nulls last) as integer) as vehicle_number
    from vehicles
)

select * from final
