-- What the forecast is judged on has every day of exposure under a cover and every event that a contract
-- with that cover carries: none lost, none twice.

with

experience as (
    select
        sum(exposure_days) as exposure_days,
        sum(gross_amount + recovery_amount) as incurred_amount,
        sum(claim_count) as claim_count
    from {{ ref('contract_experience') }}
),

days as (
    select sum(months.exposure_days) as exposure_days
    from {{ ref('int_contract_months') }} as months
    inner join {{ ref('int_contract_covers') }} as covers on months.contract_id = covers.contract_id
),

matched as (
    select
        sum(incurred_amount) as incurred_amount,
        count_if(incurred_amount > 0) as claim_count
    from {{ ref('int_cost_events') }}
    where outside_reason is null
)

select
    experience.exposure_days,
    days.exposure_days as control_exposure_days,
    experience.incurred_amount,
    matched.incurred_amount as control_incurred_amount
from experience
cross join days
cross join matched
where
    coalesce(experience.exposure_days, 0) <> coalesce(days.exposure_days, 0)
    or coalesce(experience.incurred_amount, 0) <> coalesce(matched.incurred_amount, 0)
    or coalesce(experience.claim_count, 0) <> coalesce(matched.claim_count, 0)
