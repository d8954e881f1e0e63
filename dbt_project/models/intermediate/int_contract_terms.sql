-- One row per contract: days in force up to the valuation date, the period it belongs to, and what its
-- vehicle was when it began.

with

contracts as (
    select * from {{ ref('stg_contracts') }}
),

vehicles as (
    select * from {{ ref('stg_vehicles') }}
),

mileage as (
    select * from {{ ref('int_vehicle_mileage') }}
),

parameters as (
    select * from {{ ref('stg_run_parameters') }}
),

terms as (
    select
        contracts.contract_id,
        contracts.vehicle_id,
        contracts.product,
        contracts.tier,
        contracts.effective_date,
        contracts.annual_premium,
        vehicles.make,
        vehicles.model,
        -- A contract cancelled on a day is not in force on that day.
        least(
            contracts.expiry_date,
            coalesce({{ add_days('contracts.cancelled_on', -1) }}, contracts.expiry_date),
            parameters.valuation_date
        ) as last_day,
        case
            when contracts.effective_date > parameters.rating_year_end then 'later'
            when contracts.effective_date >= parameters.rating_year_start then 'judge'
            else 'learn'
        end as period,
        coalesce(
            contracts.vehicle_age_years,
            year(contracts.effective_date) - vehicles.model_year,
            year(contracts.effective_date) - year(vehicles.in_service_date)
        ) as vehicle_age_years,
        coalesce(
            cast(round(mileage.observed_annual_km) as bigint), contracts.declared_annual_km
        ) as annual_km,
        case
            when mileage.observed_annual_km is not null then 'odometer'
            when contracts.declared_annual_km is not null then 'declared'
            else 'unknown'
        end as annual_km_source
    from contracts
    cross join parameters
    left join vehicles on contracts.vehicle_id = vehicles.vehicle_id
    left join mileage on contracts.vehicle_id = mileage.vehicle_id
),

final as (
    select
        contract_id,
        vehicle_id,
        product,
        tier,
        make,
        model,
        effective_date,
        last_day,
        period,
        annual_premium,
        -- Next year's model is sold this year: it is new, not minus one year old.
        cast(
            case when vehicle_age_years < 0 then 0 else vehicle_age_years end as bigint
        ) as vehicle_age_years,
        annual_km,
        annual_km_source,
        greatest({{ days_between('effective_date', 'last_day') }} + 1, 0) as exposure_days,
        greatest({{ days_between('effective_date', 'last_day') }} + 1, 0)
        / 365.25e0 as exposure_years
    from terms
)

select * from final
