with

costs as (
    select * from {{ ref('contract_experience') }}
    where period = 'learn'
),

final as (
    select
        cover,
        cell_id,
        cast(count(*) as bigint) as contracts,
        -- Days are whole numbers: their sum is the same in whatever order an engine adds them.
        sum(exposure_days) / 365.25e0 as exposure_years,
        cast(sum(claim_count) as bigint) as claim_count,
        {{ money('sum(gross_amount)') }} as gross_amount,
        {{ money('sum(recovery_amount)') }} as recovery_amount
    from costs
    group by cover, cell_id
)

select * from final
