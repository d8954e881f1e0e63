with

source as (
    select * from {{ source('lake', 'repair_lines') }}
),

final as (
    select
        repair_line_id,
        repair_order_id,
        operation_code,
        part_number,
        kind,
        quantity,
        amount
    from source
)

select * from final
