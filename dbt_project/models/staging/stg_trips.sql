with

source as (
    select * from {{ source('lake', 'trips') }}
),

final as (
    select
        vehicle_id,
        started_at,
        ended_at,
        distance_km,
        night_km,
        harsh_brakes,
        harsh_turns,
        speeding_s,
        unbelted_s,
        close_following_s,
        impact_event
    from source
)

select * from final
