with

contract_months as (
    select * from {{ ref('int_contract_premium_months') }}
),

sums as (
    select
        product,
        tier,
        month_start,
        sum(written_amount) as written_amount,
        sum(refunded_amount) as refunded_amount,
        sum(earned_amount) as earned_amount,
        sum(earned_by_pattern_amount) as earned_by_pattern_amount
    from contract_months
    group by product, tier, month_start
),

final as (
    select
        product,
        tier,
        month_start,
        {{ money('written_amount') }} as written_amount,
        {{ money('refunded_amount') }} as refunded_amount,
        {{ money('earned_amount') }} as earned_amount,
        {{ money('sum(written_amount + refunded_amount - earned_amount) over (
            partition by product, tier
            order by month_start nulls last
            rows between unbounded preceding and current row
        )') }} as unearned_amount,
        {{ money('earned_by_pattern_amount') }} as earned_by_pattern_amount,
        {{ money('sum(written_amount + refunded_amount - earned_by_pattern_amount) over (
            partition by product, tier
            order by month_start nulls last
            rows between unbounded preceding and current row
        )') }} as unearned_by_pattern_amount
    from sums
)

select * from final
