-- By the day and by the pattern of cost: what was written and kept is earned or not yet earned, to the
-- cent, and when every term has run out nothing is left.

with

sums as (
    select
        product,
        tier,
        month_start,
        unearned_amount,
        unearned_by_pattern_amount,
        sum(written_amount + refunded_amount - earned_amount) over so_far as expected_amount,
        sum(written_amount + refunded_amount - earned_by_pattern_amount) over so_far
            as expected_by_pattern_amount
    from {{ ref('premium_by_month') }}
    window so_far as (
        partition by product, tier
        order by month_start nulls last
        rows between unbounded preceding and current row
    )
)

select *
from sums
where
    unearned_amount <> expected_amount
    or unearned_by_pattern_amount <> expected_by_pattern_amount
    or unearned_amount < 0
    or unearned_by_pattern_amount < 0
