with

premium_months as (
    select * from {{ ref('int_contract_premium_months') }}
),

events as (
    select * from {{ ref('int_cost_events') }}
    where outside_reason is null
),

terms as (
    select * from {{ ref('int_contract_terms') }}
),

earned as (
    select
        terms.product,
        terms.tier,
        terms.make,
        terms.model,
        premium_months.month_start,
        sum(premium_months.earned_amount) as earned_amount
    from premium_months
    inner join terms on premium_months.contract_id = terms.contract_id
    group by terms.product, terms.tier, terms.make, terms.model, premium_months.month_start
),

incurred as (
    select
        terms.product,
        terms.tier,
        terms.make,
        terms.model,
        {{ month_of('events.counted_on') }} as month_start,
        count_if(events.incurred_amount > 0) as claim_count,
        sum(events.incurred_amount) as incurred_amount
    from events
    inner join terms on events.contract_id = terms.contract_id
    group by terms.product, terms.tier, terms.make, terms.model, {{ month_of('events.counted_on') }}
),

all_rows as (
    select
        product,
        tier,
        make,
        model,
        month_start,
        earned_amount,
        0 as claim_count,
        {{ money('0') }} as incurred_amount
    from earned
    union all
    select
        product,
        tier,
        make,
        model,
        month_start,
        {{ money('0') }} as earned_amount,
        claim_count,
        incurred_amount
    from incurred
),

final as (
    select
        product,
        tier,
        coalesce(make, 'unknown') as make,
        coalesce(make || ' ' || model, model, 'unknown') as model,
        month_start,
        {{ money('sum(earned_amount)') }} as earned_amount,
        cast(sum(claim_count) as bigint) as claim_count,
        {{ money('sum(incurred_amount)') }} as incurred_amount,
        {{ ratio('sum(incurred_amount)', 'sum(earned_amount)') }} as loss_ratio
    from all_rows
    group by
        product,
        tier,
        coalesce(make, 'unknown'),
        coalesce(make || ' ' || model, model, 'unknown'),
        month_start
)

select * from final
