-- Both parts of a settlement make its excess, and no shared line of actual_against_plan is left out.

with

settled as (
    select * from {{ ref('risk_share_settlement') }}
),

shared as (
    select plan_rows.*
    from {{ ref('actual_against_plan') }} as plan_rows
    inner join {{ ref('risk_share') }} as risk_shares
        on
            plan_rows.product = risk_shares.product
            and plan_rows.line = risk_shares.line
            and plan_rows.calendar_year between year(risk_shares.effective_from) and year(
                risk_shares.effective_to
            )
    where plan_rows.planned_amount <> 0
)

select
    coalesce(shared.tier, settled.tier) as tier,
    coalesce(shared.calendar_year, settled.calendar_year) as calendar_year,
    shared.excess_amount,
    settled.partner_amount,
    settled.own_amount
from shared
full outer join settled
    on
        shared.product = settled.product
        and shared.tier = settled.tier
        and shared.calendar_year = settled.calendar_year
        and shared.line = settled.line
where
    shared.tier is null
    or settled.tier is null
    or shared.excess_amount <> settled.partner_amount + settled.own_amount
    or abs(settled.partner_amount - shared.excess_amount * settled.partner_share) > 0.01
