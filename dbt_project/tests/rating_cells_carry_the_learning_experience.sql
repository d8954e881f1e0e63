-- What the forecast is fitted on is all that happened before the rating year: no more, no less.

with

cells as (
    select
        cover,
        sum(claim_count) as claim_count,
        sum(gross_amount + recovery_amount) as incurred_amount
    from {{ ref('rating_cells') }}
    group by cover
),

contracts as (
    select
        cover,
        sum(claim_count) as claim_count,
        sum(gross_amount + recovery_amount) as incurred_amount
    from {{ ref('contract_experience') }}
    where period = 'learn'
    group by cover
)

select
    coalesce(cells.cover, contracts.cover) as cover,
    cells.incurred_amount as cells_amount,
    contracts.incurred_amount as contracts_amount
from cells
full outer join contracts on cells.cover = contracts.cover
where
    cells.cover is null
    or contracts.cover is null
    or cells.claim_count <> contracts.claim_count
    or cells.incurred_amount <> contracts.incurred_amount
