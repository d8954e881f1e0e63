-- One row per contract: its days in force, up to the valuation date. One that was cancelled before it began
-- or from its first day was not taken up: it has no day, and no premium is written for it. One without an
-- end is counted to the valuation date.

with

contracts as (
    select * from {{ ref('stg_contracts') }}
),

parameters as (
    select * from {{ ref('stg_run_parameters') }}
),

ends as (
    select
        contracts.*,
        -- A contract cancelled on a day is not in force on that day.
        least(
            coalesce(
                contracts.expiry_date, greatest(contracts.effective_date, parameters.valuation_date)
            ),
            coalesce(
                {{ add_days('contracts.cancelled_on', -1) }},
                contracts.expiry_date,
                greatest(contracts.effective_date, parameters.valuation_date)
            )
        ) as last_day_in_force,
        parameters.valuation_date
    from contracts
    cross join parameters
),

final as (
    select
        contract_id,
        vehicle_id,
        customer_id,
        coalesce(product, 'unspecified') as product,
        coalesce(tier, 'unspecified') as tier,
        effective_date,
        expiry_date,
        cancelled_on,
        coalesce(cancelled_on > effective_date, true) as is_taken_up,
        last_day_in_force,
        least(last_day_in_force, valuation_date) as last_day,
        annual_premium,
        renewal_of,
        row_number() over (order by effective_date nulls last, contract_id nulls last) as order_of_beginning,
        greatest({{ days_between('effective_date', 'least(last_day_in_force, valuation_date)') }} + 1, 0)
            as promised_days
    from ends
)

select * from final
