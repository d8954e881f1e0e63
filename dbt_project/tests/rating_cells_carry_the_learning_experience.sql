-- What the forecast is fitted on is all that happened before the rating year, cell by cell: no more, no
-- less.

with

cells as (
    select
        cover,
        cell_id,
        sum(claim_count) as claim_count,
        sum(gross_amount + recovery_amount) as incurred_amount,
        sum(exposure_years) as exposure_years
    from {{ ref('rating_cells') }}
    group by cover, cell_id
),

contracts as (
    select
        cover,
        cell_id,
        sum(claim_count) as claim_count,
        sum(gross_amount + recovery_amount) as incurred_amount,
        sum(exposure_days) as exposure_days
    from {{ ref('contract_experience') }}
    where period = 'learn'
    group by cover, cell_id
)

select
    coalesce(cells.cover, contracts.cover) as cover,
    coalesce(cells.cell_id, contracts.cell_id) as cell_id,
    cells.incurred_amount as cells_amount,
    contracts.incurred_amount as contracts_amount
from cells
full outer join contracts on cells.cover = contracts.cover and cells.cell_id = contracts.cell_id
where
    cells.cover is null
    or contracts.cover is null
    or cells.claim_count <> contracts.claim_count
    or cells.incurred_amount <> contracts.incurred_amount
    or round(cells.exposure_years * 365.25e0) <> contracts.exposure_days
