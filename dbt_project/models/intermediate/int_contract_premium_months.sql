-- One row per contract and month in which premium was written, given back or earned, up to the valuation
-- date.
--
-- Written is the premium of the term on the day it begins; what a cancellation gives back is the share of
-- the days that were left. What is earned by the end of a month is rounded, and a month earns the
-- difference to the month before: the months of a contract add up to the cent.

with

periods as (
    select * from {{ ref('int_contract_periods') }}
    where annual_premium is not null and is_taken_up
),

months as (
    select * from {{ ref('int_months') }}
),

parameters as (
    select * from {{ ref('stg_run_parameters') }}
),

-- Points of a pattern in ten-thousandths: whole numbers divide exactly.
patterns as (
    select
        product,
        cast(elapsed_from * 10000 as bigint) as elapsed_from,
        cast(elapsed_to * 10000 as bigint) as elapsed_to,
        cast(earned_from * 10000 as bigint) as earned_from,
        cast(earned_to * 10000 as bigint) as earned_to
    from {{ ref('earning_patterns') }}
),

terms as (
    select
        *,
        -- Without an end, the term is what has been kept so far: nothing is unearned, nothing given back.
        {{ days_between('effective_date', 'coalesce(expiry_date, last_day_in_force)') }} + 1 as term_days,
        greatest({{ days_between('effective_date', 'last_day_in_force') }} + 1, 0) as days_kept,
        {{ days_between('effective_date', add_years('effective_date', 1)) }} as days_of_year
    from periods
),

premiums as (
    select
        *,
        {{ money_share('annual_premium', 'term_days', 'days_of_year') }} as term_premium,
        {{ money_share('annual_premium', 'days_kept', 'days_of_year') }} as kept_premium
    from terms
),

contract_months as (
    select
        premiums.*,
        months.month_start,
        least(months.month_end, parameters.valuation_date) as month_end,
        least(
            greatest(
                {{ days_between(
                    'premiums.effective_date', 'least(months.month_end, parameters.valuation_date)'
                ) }}
                + 1,
                0
            ),
            premiums.days_kept
        ) as days_earned
    from premiums
    cross join parameters
    inner join months
        on
            premiums.effective_date <= months.month_end
            and premiums.effective_date <= parameters.valuation_date
            -- The month after the last day is the one in which a cancellation at a month's end gives back.
            and greatest({{ add_days('premiums.last_day_in_force', 1) }}, premiums.effective_date)
            >= months.month_start
),

by_day as (
    select
        *,
        coalesce({{ money_share('kept_premium', 'days_earned', 'days_kept') }}, {{ money('0') }})
            as earned_to_date
    from contract_months
),

-- On a pattern's straight piece, the share earned after so many days is part / (piece_width * term_days).
on_pattern as (
    select
        by_day.contract_id,
        by_day.month_start,
        at_end.earned_from * by_day.term_days * (at_end.elapsed_to - at_end.elapsed_from)
        + (by_day.days_earned * 10000 - at_end.elapsed_from * by_day.term_days)
        * (at_end.earned_to - at_end.earned_from) as part_at_end,
        at_end.elapsed_to - at_end.elapsed_from as width_at_end,
        at_close.earned_from * by_day.term_days * (at_close.elapsed_to - at_close.elapsed_from)
        + (by_day.days_kept * 10000 - at_close.elapsed_from * by_day.term_days)
        * (at_close.earned_to - at_close.earned_from) as part_at_close,
        at_close.elapsed_to - at_close.elapsed_from as width_at_close
    from by_day
    inner join patterns as at_end
        on
            by_day.product = at_end.product
            and by_day.days_earned * 10000 > at_end.elapsed_from * by_day.term_days
            and by_day.days_earned * 10000 <= at_end.elapsed_to * by_day.term_days
    inner join patterns as at_close
        on
            by_day.product = at_close.product
            and by_day.days_kept * 10000 > at_close.elapsed_from * by_day.term_days
            and by_day.days_kept * 10000 <= at_close.elapsed_to * by_day.term_days
),

cumulative as (
    select
        by_day.*,
        case
            when on_pattern.contract_id is null then by_day.earned_to_date
            else coalesce(
                {{ money_share(
                    'by_day.kept_premium',
                    wide('on_pattern.part_at_end') ~ ' * on_pattern.width_at_close',
                    wide('on_pattern.part_at_close') ~ ' * on_pattern.width_at_end',
                ) }},
                by_day.earned_to_date
            )
        end as earned_by_pattern_to_date
    from by_day
    left join on_pattern
        on by_day.contract_id = on_pattern.contract_id and by_day.month_start = on_pattern.month_start
),

final as (
    select
        contract_id,
        product,
        tier,
        month_start,
        {{ money("case
            when effective_date >= month_start and effective_date <= month_end then term_premium else 0
        end") }} as written_amount,
        {{ money("case
            when greatest(cancelled_on, effective_date) >= month_start
                and greatest(cancelled_on, effective_date) <= month_end
                and cancelled_on is not null
                then kept_premium - term_premium
            else 0
        end") }} as refunded_amount,
        {{ money("earned_to_date - coalesce(lag(earned_to_date) over (
            partition by contract_id order by month_start nulls last
        ), 0)") }} as earned_amount,
        {{ money("earned_by_pattern_to_date - coalesce(lag(earned_by_pattern_to_date) over (
            partition by contract_id order by month_start nulls last
        ), 0)") }} as earned_by_pattern_amount
    from cumulative
)

select * from final
