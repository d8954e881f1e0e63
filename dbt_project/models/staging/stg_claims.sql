with

source as (
    select * from {{ source('lake', 'claims') }}
),

final as (
    select
        claim_id,
        contract_id,
        vehicle_id,
        cover,
        loss_date,
        reported_date,
        closed_date,
        peril,
        at_fault,
        place
    from source
)

select * from final
