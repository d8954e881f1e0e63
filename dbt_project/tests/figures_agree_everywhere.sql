-- Exposure, claims and cost of a cover are the same wherever a mart shows them: by level of each factor, by
-- vehicle and year, in the cells that the forecast learns from, and in the triangles.

with

experience as (
    select * from {{ ref('cover_experience') }}
),

whole as (
    select
        cover,
        exposure_days,
        reported_count,
        claim_count,
        incurred_amount
    from experience
    where period = 'all'
),

by_factor as (
    select
        'cost_by_factor_level' as mart,
        factor as part,
        cover,
        sum(exposure_days) as exposure_days,
        sum(claim_count) as claim_count,
        sum(incurred_amount) as incurred_amount
    from {{ ref('cost_by_factor_level') }}
    where cover <> 'all covers'
    group by factor, cover
),

by_year as (
    select
        'cost_by_vehicle_year' as mart,
        'all' as part,
        cover,
        sum(exposure_days) as exposure_days,
        sum(claim_count) as claim_count,
        sum(incurred_amount) as incurred_amount
    from {{ ref('cost_by_vehicle_year') }}
    group by cover
),

found as (
    select * from by_factor
    union all
    select * from by_year
),

parts as (
    select distinct
        mart,
        part
    from found
),

expected as (
    select
        parts.mart,
        parts.part,
        whole.*
    from whole
    cross join parts
),

learned as (
    select
        cover,
        sum(round(exposure_years * 365.25e0)) as exposure_days,
        sum(claim_count) as claim_count,
        sum(gross_amount) as gross_amount
    from {{ ref('rating_cells') }}
    group by cover
),

orders as (
    select
        cover,
        count(*) as reported_count
    from {{ ref('int_cost_events') }}
    where event_kind = 'plan_repair' and outside_reason is null
    group by cover
),

last_quarter as (
    select max(valuation_quarter) as valuation_quarter
    from {{ ref('claim_triangles') }}
),

latest as (
    select
        triangles.cover,
        sum(triangles.reported_count) as reported_count
    from {{ ref('claim_triangles') }} as triangles
    cross join last_quarter
    where
        triangles.accident_quarter is null
        or triangles.valuation_quarter = last_quarter.valuation_quarter
    group by triangles.cover
),

to_learn_from as (
    select * from experience
    where period = 'learn'
),

reported as (
    select
        whole.cover,
        whole.reported_count - coalesce(orders.reported_count, 0) as reported_count,
        coalesce(latest.reported_count, 0) as triangle_count
    from whole
    left join orders on whole.cover = orders.cover
    left join latest on whole.cover = latest.cover
),

loss_ratios as (
    select
        coalesce(sum(claim_count), 0) as claim_count,
        coalesce(sum(incurred_amount), 0) as incurred_amount
    from {{ ref('loss_ratio_by_month') }}
),

sums as (
    select
        coalesce(sum(claim_count), 0) as claim_count,
        coalesce(sum(incurred_amount), 0) as incurred_amount
    from whole
)

select
    coalesce(found.mart, expected.mart) as mart,
    coalesce(found.cover, expected.cover) as cover,
    found.claim_count,
    expected.claim_count as expected_claim_count
from found
full outer join expected
    on found.mart = expected.mart and found.part = expected.part and found.cover = expected.cover
where
    coalesce(found.exposure_days, 0) <> coalesce(expected.exposure_days, 0)
    or coalesce(found.claim_count, 0) <> coalesce(expected.claim_count, 0)
    or coalesce(found.incurred_amount, 0) <> coalesce(expected.incurred_amount, 0)
union all
select
    'rating_cells' as mart,
    coalesce(learned.cover, to_learn_from.cover) as cover,
    learned.claim_count,
    to_learn_from.claim_count as expected_claim_count
from learned
full outer join to_learn_from on learned.cover = to_learn_from.cover
where
    coalesce(learned.exposure_days, 0) <> coalesce(to_learn_from.exposure_days, 0)
    or coalesce(learned.claim_count, 0) <> coalesce(to_learn_from.claim_count, 0)
    or coalesce(learned.gross_amount, 0) <> coalesce(to_learn_from.gross_amount, 0)
union all
select
    'claim_triangles' as mart,
    cover,
    triangle_count as claim_count,
    reported_count as expected_claim_count
from reported
where triangle_count <> reported_count
union all
select
    'loss_ratio_by_month' as mart,
    'all covers' as cover,
    loss_ratios.claim_count,
    sums.claim_count as expected_claim_count
from loss_ratios
cross join sums
where
    loss_ratios.claim_count <> sums.claim_count
    or loss_ratios.incurred_amount <> sums.incurred_amount
