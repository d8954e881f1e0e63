-- Lines of a cost stack that are not what their assumptions come to, or stand in one of the two only.

with

assumed as (
    select
        product,
        tier,
        line,
        effective_from,
        {{ money('round(quantity * unit_amount * (1 - discount_ratio), 2)') }} as annual_amount
    from {{ ref('tier_cost_assumptions') }}
),

stack as (
    select * from {{ ref('tier_cost_stack') }}
)

select
    coalesce(stack.tier, assumed.tier) as tier,
    coalesce(stack.line, assumed.line) as line,
    stack.annual_amount as stack_amount,
    assumed.annual_amount as assumed_amount
from stack
full outer join assumed
    on
        stack.product = assumed.product
        and stack.tier = assumed.tier
        and stack.line = assumed.line
        and stack.effective_from = assumed.effective_from
where
    stack.annual_amount is null
    or assumed.annual_amount is null
    or stack.annual_amount <> assumed.annual_amount
