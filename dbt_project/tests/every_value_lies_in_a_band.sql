-- A value outside the rating plan's bands is an error of the plan, not a reason for a default band.

select
    contract_id,
    factor,
    level
from {{ ref('int_contract_levels') }}
where level is null
