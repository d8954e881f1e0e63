with

source as (
    select * from {{ source('lake', 'contract_factors') }}
),

final as (
    select
        contract_id,
        factor,
        level,
        level_order
    from source
)

select * from final
