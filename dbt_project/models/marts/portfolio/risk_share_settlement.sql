with

plan_costs as (
    select * from {{ ref('int_plan_costs') }}
),

shares as (
    select * from {{ ref('risk_share') }}
),

sums as (
    select
        plan_costs.product,
        plan_costs.tier,
        plan_costs.calendar_year,
        plan_costs.line,
        shares.partner_share,
        sum(plan_costs.planned_amount) as planned_amount,
        sum(plan_costs.actual_amount) as actual_amount
    from plan_costs
    inner join shares
        on
            plan_costs.product = shares.product
            and plan_costs.line = shares.line
            and plan_costs.calendar_year >= year(shares.effective_from)
            and plan_costs.calendar_year <= year(shares.effective_to)
    where plan_costs.planned_amount <> 0
    group by
        plan_costs.product,
        plan_costs.tier,
        plan_costs.calendar_year,
        plan_costs.line,
        shares.partner_share
),

-- Above the plan the partner bears its share of the excess; below, it keeps its share of the savings.
final as (
    select
        product,
        tier,
        calendar_year,
        line,
        {{ money('planned_amount') }} as planned_amount,
        {{ money('actual_amount') }} as actual_amount,
        {{ money('actual_amount - planned_amount') }} as excess_amount,
        partner_share,
        {{ money_share(
            '(actual_amount - planned_amount)', 'cast(partner_share * 10000 as bigint)', '10000'
        ) }} as partner_amount,
        {{ money(
            'actual_amount - planned_amount - ' ~ money_share(
                '(actual_amount - planned_amount)', 'cast(partner_share * 10000 as bigint)', '10000'
            )
        ) }} as own_amount
    from sums
)

select * from final
