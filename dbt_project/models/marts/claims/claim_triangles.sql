with

movements as (
    select movements.*
    from {{ ref('claim_movements') }} as movements
    cross join {{ ref('stg_run_parameters') }} as parameters
    where
        movements.outside_reason is null
        and (
            movements.transaction_date is null
            or movements.transaction_date <= parameters.valuation_date
        )
),

claims as (
    select claims.*
    from {{ ref('int_claims') }} as claims
    inner join {{ ref('int_cost_events') }} as events on claims.claim_id = events.event_id
    where events.event_kind = 'claim' and events.outside_reason is null
),

parameters as (
    select * from {{ ref('stg_run_parameters') }}
),

bounds as (
    select
        min({{ quarter_of('claims.loss_date') }}) as first_quarter,
        max({{ quarter_of('parameters.valuation_date') }}) as last_quarter
    from claims
    cross join parameters
    where claims.loss_date <= parameters.valuation_date
),

months as (
    {{ month_series('bounds', 'first_quarter', 'last_quarter') }}
),

quarters as (
    select month_start as quarter_start
    from months
    where month(month_start) in (1, 4, 7, 10)
),

covers as (
    select distinct cover
    from claims
),

-- Everything that has happened to losses of a quarter by the end of each later one; nothing is unknown yet.
grid as (
    select
        covers.cover,
        origins.quarter_start as accident_quarter,
        {{ quarters_between('origins.quarter_start', 'ends.quarter_start') }} + 1 as development_quarter,
        ends.quarter_start as valuation_quarter
    from covers
    cross join quarters as origins
    inner join quarters as ends on origins.quarter_start <= ends.quarter_start
),

moved as (
    select
        cover,
        accident_quarter,
        development_quarter,
        sum(case when kind = 'payment' then amount else 0 end) as paid_amount,
        sum(case when kind = 'recovery' then amount else 0 end) as recovered_amount,
        sum(amount) as incurred_amount
    from movements
    group by cover, accident_quarter, development_quarter
),

reported as (
    select
        cover,
        {{ quarter_of('loss_date') }} as accident_quarter,
        greatest({{ quarters_between('loss_date', 'coalesce(reported_date, loss_date)') }} + 1, 1)
            as development_quarter,
        count(*) as reported_count
    from claims
    group by
        cover,
        {{ quarter_of('loss_date') }},
        greatest({{ quarters_between('loss_date', 'coalesce(reported_date, loss_date)') }} + 1, 1)
),

increments as (
    select
        grid.cover,
        grid.accident_quarter,
        grid.development_quarter,
        grid.valuation_quarter,
        coalesce(reported.reported_count, 0) as reported_count,
        coalesce(moved.paid_amount, 0) as paid_amount,
        coalesce(moved.recovered_amount, 0) as recovered_amount,
        coalesce(moved.incurred_amount, 0) as incurred_amount
    from grid
    left join moved
        on
            grid.cover = moved.cover
            and grid.accident_quarter = moved.accident_quarter
            and grid.development_quarter = moved.development_quarter
    left join reported
        on
            grid.cover = reported.cover
            and grid.accident_quarter = reported.accident_quarter
            and grid.development_quarter = reported.development_quarter
),

undated_movements as (
    select
        cover,
        sum(paid_amount) as paid_amount,
        sum(recovered_amount) as recovered_amount,
        sum(incurred_amount) as incurred_amount
    from moved
    where development_quarter is null or accident_quarter is null
    group by cover
),

undated_reports as (
    select
        cover,
        sum(reported_count) as reported_count
    from reported
    where development_quarter is null or accident_quarter is null
    group by cover
),

-- Losses and movements without a day stand in no triangle; they are shown, so that nothing is lost.
undated as (
    select
        coalesce(moved.cover, reported.cover) as cover,
        coalesce(reported.reported_count, 0) as reported_count,
        coalesce(moved.paid_amount, 0) as paid_amount,
        coalesce(moved.recovered_amount, 0) as recovered_amount,
        coalesce(moved.incurred_amount, 0) as incurred_amount
    from undated_movements as moved
    full outer join undated_reports as reported on moved.cover = reported.cover
),

final as (
    select
        cover,
        accident_quarter,
        development_quarter,
        valuation_quarter,
        cast(sum(reported_count) over to_date as bigint) as reported_count,
        {{ money('sum(paid_amount) over to_date') }} as paid_amount,
        {{ money('sum(recovered_amount) over to_date') }} as recovered_amount,
        {{ money('sum(incurred_amount) over to_date') }} as incurred_amount,
        {{ money('incurred_amount') }} as incurred_increment
    from increments
    window
        to_date as (
            partition by cover, accident_quarter
            order by development_quarter nulls last
            rows between unbounded preceding and current row
        )
    union all
    select
        cover,
        cast(null as date) as accident_quarter,
        cast(null as bigint) as development_quarter,
        cast(null as date) as valuation_quarter,
        cast(reported_count as bigint) as reported_count,
        {{ money('paid_amount') }} as paid_amount,
        {{ money('recovered_amount') }} as recovered_amount,
        {{ money('incurred_amount') }} as incurred_amount,
        {{ money('incurred_amount') }} as incurred_increment
    from undated
)

select * from final
