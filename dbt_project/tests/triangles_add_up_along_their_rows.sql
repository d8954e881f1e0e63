-- Each accident quarter has every quarter of development up to the valuation date, once; cumulative
-- amounts are the sums of their increments; and the latest diagonal has every reported claim.

with

triangles as (
    select
        *,
        sum(incurred_increment) over so_far as summed_amount,
        row_number() over so_far as row_of_development,
        row_number() over (
            partition by cover, accident_quarter
            order by development_quarter desc nulls last
        ) as quarters_to_end,
        max(valuation_quarter) over () as last_quarter
    from {{ ref('claim_triangles') }}
    where accident_quarter is not null
    window so_far as (
        partition by cover, accident_quarter
        order by development_quarter nulls last
    )
),

claims_outside as (
    select coalesce(sum(item_count), 0) as reported_count
    from {{ ref('claims_outside_exposure') }}
    where item = 'claim'
),

latest as (
    select coalesce(sum(of_quarter.reported_count), 0) + max(claims_outside.reported_count) as reported_count
    from {{ ref('claim_triangles') }} as of_quarter
    cross join claims_outside
    where
        of_quarter.accident_quarter is null
        or of_quarter.valuation_quarter = (select max(triangles.last_quarter) from triangles)
),

control as (
    select coalesce(sum(amount), 0) as reported_count
    from {{ ref('int_control_totals') }}
    where measure = 'claims'
)

select
    cover,
    accident_quarter,
    development_quarter,
    incurred_amount,
    summed_amount
from triangles
where
    incurred_amount <> summed_amount
    or row_of_development <> development_quarter
    or (quarters_to_end = 1 and valuation_quarter <> last_quarter)
union all
select
    'all' as cover,
    cast(null as date) as accident_quarter,
    cast(null as bigint) as development_quarter,
    latest.reported_count as incurred_amount,
    control.reported_count as summed_amount
from latest
cross join control
where latest.reported_count <> control.reported_count
