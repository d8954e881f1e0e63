-- Cells make the total row, and summed by model, by age and by mileage they are the
-- marts of the single factors: to the cent, the day and the claim.

with

cells as (
    select * from {{ ref('cost_by_model_age_mileage') }}
    where row_type <> 'total'
),

cuts as (
    select
        'total' as cut_by,
        'total' as cut,
        exposure_days,
        claim_count,
        incurred_amount
    from cells
    {%- for factor in ['model', 'vehicle_age', 'annual_mileage'] %}
        union all
        select
            '{{ factor }}' as cut_by,
            {{ factor }} as cut,
            exposure_days,
            claim_count,
            incurred_amount
        from cells
    {%- endfor %}
),

found as (
    select
        cut_by,
        cut,
        sum(exposure_days) as exposure_days,
        sum(claim_count) as claim_count,
        sum(incurred_amount) as incurred_amount
    from cuts
    group by cut_by, cut
),

expected as (
    select
        'total' as cut_by,
        'total' as cut,
        exposure_days,
        claim_count,
        incurred_amount
    from {{ ref('cost_by_model_age_mileage') }}
    where row_type = 'total'
    {%- for factor in ['model', 'vehicle_age', 'annual_mileage'] %}
        union all
        select
            '{{ factor }}' as cut_by,
            {{ factor }} as cut,
            exposure_days,
            claim_count,
            incurred_amount
        from {{ ref('cost_by_' ~ factor) }}
        where cover = 'all covers'
    {%- endfor %}
)

select
    coalesce(found.cut_by, expected.cut_by) as cut_by,
    coalesce(found.cut, expected.cut) as cut,
    found.exposure_days,
    expected.exposure_days as expected_exposure_days,
    found.incurred_amount,
    expected.incurred_amount as expected_incurred_amount
from found
full outer join expected on found.cut_by = expected.cut_by and found.cut = expected.cut
where
    coalesce(found.exposure_days, 0) <> coalesce(expected.exposure_days, 0)
    or coalesce(found.claim_count, 0) <> coalesce(expected.claim_count, 0)
    or coalesce(found.incurred_amount, 0) <> coalesce(expected.incurred_amount, 0)
