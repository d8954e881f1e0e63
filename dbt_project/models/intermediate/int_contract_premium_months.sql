-- One row per contract and month in which premium was written, given back or earned, up to the valuation
-- date.
--
-- Written is the premium of the term on the day it begins; what a cancellation gives back is the share of
-- the days that were left. What is earned by the end of a month is rounded, and a month earns the
-- difference to the month before: the months of a contract add up to the cent.

with

periods as (
    select * from {{ ref('int_contract_periods') }}
    where annual_premium is not null
),

months as (
    select * from {{ ref('int_months') }}
),

parameters as (
    select * from {{ ref('stg_run_parameters') }}
),

patterns as (
    select * from {{ ref('earning_patterns') }}
),

terms as (
    select
        *,
        {{ days_between('effective_date', 'expiry_date') }} + 1 as term_days,
        greatest({{ days_between('effective_date', 'last_day_in_force') }} + 1, 0) as days_kept,
        {{ days_between('effective_date', add_years('effective_date', 1)) }} as days_of_year
    from periods
),

premiums as (
    select
        *,
        {{ money('round(annual_premium * term_days / cast(days_of_year as double), 2)') }} as term_premium,
        {{ money(
            'round(annual_premium * days_kept / cast(days_of_year as double), 2)'
        ) }} as kept_premium
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

shares as (
    select
        contract_months.*,
        contract_months.days_earned * 1e0 / nullif(contract_months.days_kept, 0) as kept_share,
        contract_months.days_earned * 1e0 / nullif(contract_months.term_days, 0) as elapsed_share,
        contract_months.days_kept * 1e0 / nullif(contract_months.term_days, 0) as kept_elapsed_share
    from contract_months
),

cumulative as (
    select
        shares.*,
        {{ money('round(coalesce(shares.kept_premium * shares.kept_share, 0), 2)') }} as earned_to_date,
        {{ money("round(coalesce(
            shares.kept_premium * (
                at_end.earned_from
                + (shares.elapsed_share - at_end.elapsed_from)
                / (at_end.elapsed_to - at_end.elapsed_from) * (at_end.earned_to - at_end.earned_from)
            ) / nullif(
                at_close.earned_from
                + (shares.kept_elapsed_share - at_close.elapsed_from)
                / (at_close.elapsed_to - at_close.elapsed_from) * (at_close.earned_to - at_close.earned_from), 0
            ),
            shares.kept_premium * shares.kept_share,
            0
        ), 2)") }} as earned_by_pattern_to_date
    from shares
    left join patterns as at_end
        on
            shares.product = at_end.product
            and shares.elapsed_share > at_end.elapsed_from
            and shares.elapsed_share <= at_end.elapsed_to
    left join patterns as at_close
        on
            shares.product = at_close.product
            and shares.kept_elapsed_share > at_close.elapsed_from
            and shares.kept_elapsed_share <= at_close.elapsed_to
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
            when cancelled_on >= month_start and cancelled_on <= month_end then kept_premium - term_premium else 0
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
