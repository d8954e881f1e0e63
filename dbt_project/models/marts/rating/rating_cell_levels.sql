with

cells as (
    select * from {{ ref('int_contract_cells') }}
),

levels as (
    select * from {{ ref('int_contract_levels') }}
),

final as (
    select distinct
        cells.cell_id,
        levels.factor,
        levels.level,
        levels.level_order
    from cells
    inner join levels on cells.contract_id = levels.contract_id
)

select * from final
