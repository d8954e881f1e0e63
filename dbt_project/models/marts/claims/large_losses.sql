with

claims as (
    select * from {{ ref('int_claims') }}
),

events as (
    select * from {{ ref('int_cost_events') }}
    where event_kind = 'claim'
),

thresholds as (
    select thresholds.*
    from {{ ref('large_loss_thresholds') }} as thresholds
    cross join {{ ref('stg_run_parameters') }} as parameters
    where
        parameters.valuation_date >= thresholds.effective_from
        and parameters.valuation_date <= thresholds.effective_to
),

general as (
    select threshold_amount
    from thresholds
    where cover = '*'
),

judged as (
    select
        claims.*,
        coalesce(thresholds.threshold_amount, general.threshold_amount) as threshold_amount
    from claims
    left join thresholds on claims.cover = thresholds.cover
    left join general on 1 = 1
),

final as (
    select
        judged.claim_id,
        events.contract_id,
        coalesce(judged.vehicle_id, events.vehicle_id) as vehicle_id,
        judged.cover,
        judged.peril,
        judged.loss_date,
        judged.reported_date,
        judged.paid_amount,
        judged.reserve_amount,
        judged.recovered_amount,
        judged.incurred_amount,
        {{ money('judged.threshold_amount') }} as threshold_amount,
        {{ money('judged.incurred_amount - judged.threshold_amount') }} as excess_amount,
        events.outside_reason
    from judged
    left join events on judged.claim_id = events.event_id
    where judged.incurred_amount >= judged.threshold_amount
)

select * from final
