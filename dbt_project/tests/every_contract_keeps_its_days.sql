-- Marts by contract have each contract's days of exposure, once: those with a limit in
-- usage_against_limits, those with a cover in contract_experience.

with

contract_days as (
    select
        contract_id,
        sum(exposure_days) as exposure_days
    from {{ ref('int_contract_months') }}
    group by contract_id
),

expected as (
    select
        'usage_against_limits' as mart,
        contract_days.contract_id,
        limits.limit_kind as part,
        contract_days.exposure_days
    from contract_days
    inner join {{ ref('int_contract_periods') }} as periods on contract_days.contract_id = periods.contract_id
    inner join {{ ref('tier_limits') }} as limits
        on
            periods.product = limits.product
            and periods.tier = limits.tier
            and periods.effective_date between limits.effective_from and limits.effective_to
    union all
    select
        'contract_experience' as mart,
        contract_days.contract_id,
        covers.cover as part,
        contract_days.exposure_days
    from contract_days
    inner join {{ ref('int_contract_covers') }} as covers on contract_days.contract_id = covers.contract_id
),

found as (
    select
        'usage_against_limits' as mart,
        contract_id,
        limit_kind as part,
        exposure_days
    from {{ ref('usage_against_limits') }}
    union all
    select
        'contract_experience' as mart,
        contract_id,
        cover as part,
        exposure_days
    from {{ ref('contract_experience') }}
)

select
    coalesce(found.mart, expected.mart) as mart,
    coalesce(found.contract_id, expected.contract_id) as contract_id,
    coalesce(found.part, expected.part) as part,
    found.exposure_days,
    expected.exposure_days as expected_exposure_days
from found
full outer join expected
    on
        found.mart = expected.mart
        and found.contract_id = expected.contract_id
        and found.part = expected.part
where coalesce(found.exposure_days, 0) <> coalesce(expected.exposure_days, 0)
