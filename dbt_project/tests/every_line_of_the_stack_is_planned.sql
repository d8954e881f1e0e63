-- Each year in which a tier carried vehicles has every line of its stack, once, with the days of the tier
-- and their planned cost; and the whole history is the sum of its years.

with

days as (
    select
        periods.product,
        periods.tier,
        year(months.month_start) as calendar_year,
        stack.line,
        sum(months.exposure_days) as exposure_days,
        {{ money_share('sum(months.exposure_days * stack.annual_amount)', '4', '1461') }} as planned_amount
    from {{ ref('int_contract_months') }} as months
    inner join {{ ref('int_contract_periods') }} as periods on months.contract_id = periods.contract_id
    inner join {{ ref('tier_cost_stack') }} as stack
        on
            periods.product = stack.product
            and periods.tier = stack.tier
            and periods.effective_date between stack.effective_from and stack.effective_to
    group by periods.product, periods.tier, year(months.month_start), stack.line
),

by_year as (
    select * from {{ ref('actual_against_plan') }}
),

summed as (
    select
        product,
        tier,
        line,
        sum(planned_amount) as planned_amount
    from by_year
    group by product, tier, line
)

select
    days.product,
    days.tier,
    days.calendar_year,
    days.line
from days
left join by_year
    on
        days.product = by_year.product
        and days.tier = by_year.tier
        and days.calendar_year = by_year.calendar_year
        and days.line = by_year.line
where
    by_year.line is null
    or by_year.exposure_days <> days.exposure_days
    or by_year.planned_amount <> {{ money('days.planned_amount') }}
union all
select
    summed.product,
    summed.tier,
    cast(null as bigint) as calendar_year,
    summed.line
from summed
left join {{ ref('cost_against_stack') }} as whole
    on summed.product = whole.product and summed.tier = whole.tier and summed.line = whole.line
where whole.line is null or whole.planned_amount <> summed.planned_amount
