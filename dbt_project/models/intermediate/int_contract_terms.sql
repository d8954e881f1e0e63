-- One row per contract: days in force up to the valuation date, the period it belongs to, and what its
-- vehicle was when it began.

with

periods as (
    select * from {{ ref('int_contract_periods') }}
),

contracts as (
    select * from {{ ref('stg_contracts') }}
),

vehicles as (
    select * from {{ ref('stg_vehicles') }}
),

use as (
    select * from {{ ref('int_contract_use') }}
),

mileage as (
    select * from {{ ref('int_vehicle_mileage') }}
),

parameters as (
    select * from {{ ref('stg_run_parameters') }}
),

terms as (
    select
        periods.contract_id,
        periods.vehicle_id,
        periods.product,
        periods.tier,
        periods.effective_date,
        periods.last_day,
        periods.expiry_date,
        periods.last_day_in_force,
        periods.annual_premium,
        periods.promised_days,
        vehicles.make,
        vehicles.model,
        vehicles.powertrain,
        vehicles.region,
        use.driving_score,
        coalesce(use.exposure_days, 0) as exposure_days,
        case
            when periods.effective_date > parameters.rating_year_end then 'later'
            when periods.effective_date >= parameters.rating_year_start then 'judge'
            else 'learn'
        end as period,
        coalesce(
            contracts.vehicle_age_years,
            year(periods.effective_date) - vehicles.model_year,
            year(periods.effective_date) - year(vehicles.in_service_date)
        ) as vehicle_age_years,
        coalesce(
            use.annual_km,
            cast(round(mileage.observed_annual_km) as bigint),
            contracts.declared_annual_km
        ) as annual_km,
        case
            when use.annual_km is not null then use.annual_km_source
            when mileage.observed_annual_km is not null then 'odometer'
            when contracts.declared_annual_km is not null then 'declared'
            else 'unknown'
        end as annual_km_source
    from periods
    cross join parameters
    inner join contracts on periods.contract_id = contracts.contract_id
    left join vehicles on periods.vehicle_id = vehicles.vehicle_id
    left join use on periods.contract_id = use.contract_id
    left join mileage on periods.vehicle_id = mileage.vehicle_id
),

final as (
    select
        contract_id,
        vehicle_id,
        product,
        tier,
        make,
        model,
        powertrain,
        region,
        effective_date,
        last_day,
        expiry_date,
        last_day_in_force,
        period,
        annual_premium,
        -- Next year's model is sold this year: it is new, not minus one year old.
        cast(
            case when vehicle_age_years < 0 then 0 else vehicle_age_years end as bigint
        ) as vehicle_age_years,
        annual_km,
        annual_km_source,
        driving_score,
        exposure_days,
        exposure_days / 365.25e0 as exposure_years,
        promised_days - exposure_days as overlap_days
    from terms
)

select * from final
