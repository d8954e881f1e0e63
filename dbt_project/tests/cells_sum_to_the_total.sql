-- Cells and unallocated cost make the total row: to the cent, the day and the claim.

with

rows_of_mart as (
    select * from {{ ref('cost_by_model_age_mileage') }}
),

parts as (
    select
        sum(exposure_days) as exposure_days,
        sum(claim_count) as claim_count,
        sum(incurred_amount) as incurred_amount
    from rows_of_mart
    where row_type <> 'total'
),

total as (
    select * from rows_of_mart
    where row_type = 'total'
)

select
    parts.exposure_days as parts_exposure_days,
    total.exposure_days,
    parts.claim_count as parts_claim_count,
    total.claim_count,
    parts.incurred_amount as parts_incurred_amount,
    total.incurred_amount
from parts
cross join total
where
    parts.exposure_days <> total.exposure_days
    or parts.claim_count <> total.claim_count
    or parts.incurred_amount <> total.incurred_amount
