with

contracts as (
    select * from {{ ref('contract_experience') }}
),

periods as (
    select
        cover,
        period,
        exposure_days,
        reported_count,
        claim_count,
        gross_amount,
        recovery_amount
    from contracts
    union all
    select
        cover,
        'all' as period,
        exposure_days,
        reported_count,
        claim_count,
        gross_amount,
        recovery_amount
    from contracts
),

sums as (
    select
        cover,
        period,
        count(*) as contracts,
        sum(exposure_days) as exposure_days,
        sum(reported_count) as reported_count,
        sum(claim_count) as claim_count,
        sum(gross_amount) as gross_amount,
        sum(recovery_amount) as recovery_amount
    from periods
    group by cover, period
),

final as (
    select
        cover,
        period,
        cast(contracts as bigint) as contracts,
        cast(exposure_days as bigint) as exposure_days,
        exposure_days / 365.25e0 as exposure_years,
        cast(reported_count as bigint) as reported_count,
        cast(claim_count as bigint) as claim_count,
        {{ money('gross_amount') }} as gross_amount,
        {{ money('recovery_amount') }} as recovery_amount,
        {{ money('gross_amount + recovery_amount') }} as incurred_amount,
        {{ ratio('claim_count', 'exposure_days / 365.25e0') }} as frequency,
        {{ ratio('gross_amount', 'exposure_days / 365.25e0') }} as gross_cost_per_year,
        {{ ratio('gross_amount + recovery_amount', 'exposure_days / 365.25e0') }} as burning_cost
    from sums
)

select * from final
