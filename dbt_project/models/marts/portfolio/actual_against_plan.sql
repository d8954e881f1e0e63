with

plan_costs as (
    select * from {{ ref('int_plan_costs') }}
),

final as (
    select
        product,
        tier,
        calendar_year,
        line,
        exposure_days,
        planned_amount,
        actual_amount,
        {{ money('actual_amount - planned_amount') }} as excess_amount,
        {{ ratio('actual_amount', 'planned_amount') }} as actual_over_planned
    from plan_costs
)

select * from final
