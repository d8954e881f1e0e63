-- One row per workshop order that a plan paid for, with its cost. Cover `maintenance`: the plan promises
-- services and wear parts, not single lines.

with

repair_orders as (
    select * from {{ ref('stg_repair_orders') }}
),

repair_lines as (
    select * from {{ ref('stg_repair_lines') }}
),

parameters as (
    select * from {{ ref('stg_run_parameters') }}
),

line_totals as (
    select
        repair_order_id,
        {{ money('sum(amount)') }} as lines_amount
    from repair_lines
    group by repair_order_id
),

final as (
    select
        repair_orders.repair_order_id,
        repair_orders.vehicle_id,
        repair_orders.opened_on,
        repair_orders.visit_type,
        coalesce(line_totals.lines_amount, repair_orders.total_amount, {{ money('0') }}) as incurred_amount
    from repair_orders
    cross join parameters
    left join line_totals on repair_orders.repair_order_id = line_totals.repair_order_id
    where
        repair_orders.payer = 'plan'
        and repair_orders.opened_on <= parameters.valuation_date
)

select * from final
