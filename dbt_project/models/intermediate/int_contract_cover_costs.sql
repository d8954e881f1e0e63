{{ config(materialized='view') }}

-- One row per contract and cover held: exposure, claims and money. A claim that cost something counts;
-- one closed without payment does not; one that brought money back is a recovery. A view: a mart keeps it.

with

covers as (
    select * from {{ ref('int_contract_covers') }}
),

terms as (
    select * from {{ ref('int_contract_terms') }}
),

cells as (
    select * from {{ ref('int_contract_cells') }}
),

events as (
    select * from {{ ref('int_cost_events') }}
    where outside_reason is null
),

costs as (
    select
        contract_id,
        cover,
        count(*) as reported_count,
        count_if(incurred_amount > 0) as claim_count,
        {{ money('sum(case when incurred_amount > 0 then incurred_amount else 0 end)') }} as gross_amount,
        {{ money('sum(case when incurred_amount < 0 then incurred_amount else 0 end)') }} as recovery_amount
    from events
    group by contract_id, cover
),

final as (
    select
        covers.contract_id,
        covers.cover,
        terms.vehicle_id,
        cells.cell_id,
        terms.product,
        terms.tier,
        terms.effective_date,
        terms.last_day,
        terms.expiry_date,
        terms.last_day_in_force,
        terms.annual_km,
        terms.period,
        terms.annual_premium,
        terms.exposure_days,
        terms.exposure_years,
        cast(coalesce(costs.reported_count, 0) as bigint) as reported_count,
        cast(coalesce(costs.claim_count, 0) as bigint) as claim_count,
        coalesce(costs.gross_amount, {{ money('0') }}) as gross_amount,
        coalesce(costs.recovery_amount, {{ money('0') }}) as recovery_amount
    from covers
    inner join terms on covers.contract_id = terms.contract_id
    inner join cells on covers.contract_id = cells.contract_id
    left join costs
        on
            covers.contract_id = costs.contract_id
            and covers.cover = costs.cover
)

select * from final
