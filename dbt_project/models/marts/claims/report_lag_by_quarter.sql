with

claims as (
    select claims.*
    from {{ ref('int_claims') }} as claims
    inner join {{ ref('int_cost_events') }} as events on claims.claim_id = events.event_id
    where events.event_kind = 'claim' and events.outside_reason is null
),

lags as (
    select
        cover,
        {{ quarter_of('loss_date') }} as accident_quarter,
        {{ days_between('loss_date', 'reported_date') }} as lag_days
    from claims
    where loss_date is not null and reported_date is not null
),

final as (
    select
        cover,
        accident_quarter,
        cast(count(*) as bigint) as reported_count,
        sum(lag_days) / cast(count(*) as double) as mean_lag_days,
        cast(percentile_cont(0.5) within group (order by lag_days) as double) as median_lag_days,
        cast(percentile_cont(0.9) within group (order by lag_days) as double) as ninetieth_lag_days,
        cast(max(lag_days) as bigint) as longest_lag_days,
        {{ ratio('count_if(lag_days <= 2)', 'count(*)') }} as within_2_days_share,
        {{ ratio('count_if(lag_days <= 30)', 'count(*)') }} as within_30_days_share
    from lags
    group by cover, accident_quarter
)

select * from final
