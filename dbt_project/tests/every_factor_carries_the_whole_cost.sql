-- Cut by any factor, a cover's cost and exposure are the same: no contract lacks a level.

with

by_factor as (
    select
        cover,
        factor,
        sum(claim_count) as claim_count,
        sum(incurred_amount) as incurred_amount,
        sum(exposure_years) as exposure_years
    from {{ ref('cost_by_factor_level') }}
    group by cover, factor
),

by_cover as (
    select
        cover,
        sum(claim_count) as claim_count,
        sum(gross_amount + recovery_amount) as incurred_amount,
        sum(exposure_years) as exposure_years
    from {{ ref('int_contract_cover_costs') }}
    group by cover
)

select
    by_factor.cover,
    by_factor.factor,
    by_factor.incurred_amount,
    by_cover.incurred_amount as cover_incurred_amount
from by_factor
inner join by_cover on by_factor.cover = by_cover.cover
where
    by_factor.claim_count <> by_cover.claim_count
    or by_factor.incurred_amount <> by_cover.incurred_amount
    or abs(by_factor.exposure_years - by_cover.exposure_years) > 1e-6 * by_cover.exposure_years
