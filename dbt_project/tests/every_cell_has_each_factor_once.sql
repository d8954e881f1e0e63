-- A rating cell is one level of each factor: cells and factors lose nothing on the way to the model.

with

levels as (
    select * from {{ ref('rating_cell_levels') }}
),

contracts as (
    select distinct
        cells.cell_id,
        levels_of_contract.factor
    from {{ ref('int_contract_cells') }} as cells
    inner join {{ ref('int_contract_levels') }} as levels_of_contract
        on cells.contract_id = levels_of_contract.contract_id
)

select
    coalesce(levels.cell_id, contracts.cell_id) as cell_id,
    coalesce(levels.factor, contracts.factor) as factor
from levels
full outer join contracts on levels.cell_id = contracts.cell_id and levels.factor = contracts.factor
where levels.cell_id is null or contracts.cell_id is null
