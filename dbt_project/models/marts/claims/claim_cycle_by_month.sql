with

claims as (
    select * from {{ ref('int_claims') }}
    where reported_date is not null
),

promises as (
    select promises.hours
    from {{ ref('partner_promises') }} as promises
    cross join {{ ref('stg_run_parameters') }} as parameters
    where
        promises.promise = 'claim_decision'
        and parameters.valuation_date >= promises.effective_from
        and parameters.valuation_date <= promises.effective_to
),

-- The first payment shows that a claim was decided; a claim is done when nothing is reserved any more.
cycles as (
    select
        cover,
        {{ month_of('reported_date') }} as month_start,
        {{ days_between('reported_date', 'first_paid_on') }} as decision_days,
        coalesce({{ days_between('reported_date', 'first_paid_on') }} * 24 <= promises.hours, false)
            as within_promise,
        {{ days_between('reported_date', "coalesce(
            closed_date, case when reserve_amount = 0 then last_paid_on end
        )") }} as closing_days
    from claims
    cross join promises
),

final as (
    select
        cover,
        month_start,
        cast(count(*) as bigint) as reported_count,
        cast(count(decision_days) as bigint) as decided_count,
        cast(count(closing_days) as bigint) as closed_count,
        cast(count_if(within_promise) as bigint) as within_promise_count,
        {{ ratio('count_if(within_promise)', 'count(*)') }} as within_promise_share,
        cast(percentile_cont(0.5) within group (order by decision_days) as double)
            as median_decision_days,
        cast(percentile_cont(0.5) within group (order by closing_days) as double)
            as median_closing_days
    from cycles
    group by cover, month_start
)

select * from final
