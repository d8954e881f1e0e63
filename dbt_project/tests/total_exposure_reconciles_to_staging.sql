-- To the day: the mart's exposure is what the contracts promise, cut at cancellation and valuation.

with

parameters as (
    select * from {{ ref('stg_run_parameters') }}
),

promised as (
    select
        coalesce(sum(greatest(
            {{ days_between(
                'contracts.effective_date',
                'least(contracts.expiry_date, parameters.valuation_date)'
            ) }} + 1
            - case
                when contracts.cancelled_on <= least(contracts.expiry_date, parameters.valuation_date)
                    then {{ days_between(
                        'contracts.cancelled_on',
                        'least(contracts.expiry_date, parameters.valuation_date)'
                    ) }} + 1
                else 0
            end,
            0
        )), 0) as exposure_days
    from {{ ref('stg_contracts') }} as contracts
    cross join parameters
),

mart as (
    select exposure_days
    from {{ ref('cost_by_model_age_mileage') }}
    where row_type = 'total'
)

select
    mart.exposure_days as mart_exposure_days,
    promised.exposure_days as promised_exposure_days
from mart
cross join promised
where mart.exposure_days <> promised.exposure_days
