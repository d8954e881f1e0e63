-- A vehicle-year of a cover is the days of the contracts that hold it: year by year, and by each level of
-- each factor, in the marts of all factors and of single ones.

with

contract_years as (
    select
        contract_id,
        year(month_start) as calendar_year,
        sum(exposure_days) as exposure_days
    from {{ ref('int_contract_months') }}
    group by contract_id, year(month_start)
),

contract_days as (
    select
        contract_id,
        sum(exposure_days) as exposure_days
    from contract_years
    group by contract_id
),

covers as (
    select
        contract_id,
        cover
    from {{ ref('int_contract_covers') }}
    union all
    select
        contract_id,
        'all covers' as cover
    from {{ ref('int_contract_periods') }}
),

control as (
    select
        covers.cover,
        'calendar_year' as cut_by,
        cast(contract_years.calendar_year as {{ dbt.type_string() }}) as cut,
        sum(contract_years.exposure_days) as exposure_days
    from contract_years
    inner join covers on contract_years.contract_id = covers.contract_id
    where covers.cover <> 'all covers'
    group by covers.cover, contract_years.calendar_year
    union all
    select
        covers.cover,
        levels.factor as cut_by,
        levels.level as cut,
        sum(contract_days.exposure_days) as exposure_days
    from contract_days
    inner join covers on contract_days.contract_id = covers.contract_id
    inner join {{ ref('int_contract_levels') }} as levels on contract_days.contract_id = levels.contract_id
    group by covers.cover, levels.factor, levels.level
),

found as (
    select
        'cost_by_vehicle_year' as mart,
        cover,
        'calendar_year' as cut_by,
        cast(calendar_year as {{ dbt.type_string() }}) as cut,
        exposure_days
    from {{ ref('cost_by_vehicle_year') }}
    union all
    select
        'cost_by_factor_level' as mart,
        cover,
        factor as cut_by,
        level as cut,
        exposure_days
    from {{ ref('cost_by_factor_level') }}
    {%- for factor in ['vehicle_age', 'model', 'annual_mileage'] %}
        union all
        select
            'cost_by_{{ factor }}' as mart,
            cover,
            '{{ factor }}' as cut_by,
            {{ factor }} as cut,
            exposure_days
        from {{ ref('cost_by_' ~ factor) }}
    {%- endfor %}
),

sums as (
    select
        mart,
        cover,
        cut_by,
        cut,
        sum(exposure_days) as exposure_days
    from found
    group by mart, cover, cut_by, cut
),

cuts as (
    select distinct
        mart,
        cut_by
    from found
),

expected as (
    select
        cuts.mart,
        control.cover,
        control.cut_by,
        control.cut,
        control.exposure_days
    from control
    inner join cuts on control.cut_by = cuts.cut_by
)

select
    coalesce(sums.mart, expected.mart) as mart,
    coalesce(sums.cover, expected.cover) as cover,
    coalesce(sums.cut_by, expected.cut_by) as cut_by,
    coalesce(sums.cut, expected.cut) as cut,
    sums.exposure_days,
    expected.exposure_days as expected_exposure_days
from sums
full outer join expected
    on
        sums.mart = expected.mart
        and sums.cover = expected.cover
        and sums.cut_by = expected.cut_by
        and sums.cut = expected.cut
where coalesce(sums.exposure_days, 0) <> coalesce(expected.exposure_days, 0)
