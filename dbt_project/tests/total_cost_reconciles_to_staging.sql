-- To the cent: the mart's total is every movement and every plan-paid order up to the valuation date.

with

parameters as (
    select * from {{ ref('stg_run_parameters') }}
),

movements as (
    select coalesce(sum(transactions.amount), 0) as amount
    from {{ ref('stg_claim_transactions') }} as transactions
    cross join parameters
    where
        transactions.transaction_date is null
        or transactions.transaction_date <= parameters.valuation_date
),

line_totals as (
    select
        repair_order_id,
        sum(amount) as amount
    from {{ ref('stg_repair_lines') }}
    group by repair_order_id
),

plan_orders as (
    select coalesce(sum(coalesce(line_totals.amount, orders.total_amount, 0)), 0) as amount
    from {{ ref('stg_repair_orders') }} as orders
    cross join parameters
    left join line_totals on orders.repair_order_id = line_totals.repair_order_id
    where orders.payer = 'plan' and orders.opened_on <= parameters.valuation_date
),

mart as (
    select incurred_amount as amount
    from {{ ref('cost_by_model_age_mileage') }}
    where row_type = 'total'
)

select
    mart.amount as mart_amount,
    movements.amount as movements_amount,
    plan_orders.amount as plan_orders_amount
from mart
cross join movements
cross join plan_orders
where mart.amount <> movements.amount + plan_orders.amount
