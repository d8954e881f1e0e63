-- One row per product, tier, calendar year and line of the cost stack: what was planned for the days in
-- force, and what it came to. A cover without a line of its own belongs to insurance.

with

months as (
    select * from {{ ref('int_contract_months') }}
),

periods as (
    select * from {{ ref('int_contract_periods') }}
),

events as (
    select * from {{ ref('int_cost_events') }}
    where outside_reason is null
),

stack as (
    select * from {{ ref('tier_cost_stack') }}
),

cover_lines as (
    select * from {{ ref('cover_lines') }}
),

contract_years as (
    select
        months.contract_id,
        periods.product,
        periods.tier,
        periods.effective_date,
        year(months.month_start) as calendar_year,
        sum(months.exposure_days) as exposure_days
    from months
    inner join periods on months.contract_id = periods.contract_id
    group by
        months.contract_id, periods.product, periods.tier, periods.effective_date, year(months.month_start)
),

planned as (
    select
        contract_years.product,
        contract_years.tier,
        contract_years.calendar_year,
        stack.line,
        sum(contract_years.exposure_days) as exposure_days,
        sum(contract_years.exposure_days * stack.annual_amount) as planned_day_amount
    from contract_years
    inner join stack
        on
            contract_years.product = stack.product
            and contract_years.tier = stack.tier
            and contract_years.effective_date >= stack.effective_from
            and contract_years.effective_date <= stack.effective_to
    group by contract_years.product, contract_years.tier, contract_years.calendar_year, stack.line
),

placed as (
    select
        periods.product,
        periods.tier,
        year(events.counted_on) as calendar_year,
        coalesce(cover_lines.line, 'insurance') as line,
        events.incurred_amount
    from events
    inner join periods on events.contract_id = periods.contract_id
    left join cover_lines on events.cover = cover_lines.cover
),

actual as (
    select
        product,
        tier,
        calendar_year,
        line,
        sum(incurred_amount) as actual_amount
    from placed
    group by product, tier, calendar_year, line
),

final as (
    select
        coalesce(planned.product, actual.product) as product,
        coalesce(planned.tier, actual.tier) as tier,
        cast(coalesce(planned.calendar_year, actual.calendar_year) as bigint) as calendar_year,
        coalesce(planned.line, actual.line) as line,
        cast(coalesce(planned.exposure_days, 0) as bigint) as exposure_days,
        {{ money_share('coalesce(planned.planned_day_amount, 0)', '4', '1461') }} as planned_amount,
        {{ money('coalesce(actual.actual_amount, 0)') }} as actual_amount
    from planned
    full outer join actual
        on
            planned.product = actual.product
            and planned.tier = actual.tier
            and planned.calendar_year = actual.calendar_year
            and planned.line = actual.line
)

select * from final
