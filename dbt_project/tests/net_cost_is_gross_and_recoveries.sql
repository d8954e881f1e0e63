-- What a cover cost net is what it cost gross and what came back, in every period.

with

experience as (
    select * from {{ ref('cover_experience') }}
)

select
    cover,
    period,
    gross_amount,
    recovery_amount,
    incurred_amount
from experience
where gross_amount + recovery_amount <> incurred_amount
