-- One row per contract and month in which it carries its vehicle: kilometres while in force, where they
-- come from, and the driving score. Trips come first, then the odometer between visits, then what was
-- declared.

with

contract_months as (
    select * from {{ ref('int_contract_months') }}
),

contracts as (
    select * from {{ ref('stg_contracts') }}
),

trip_months as (
    select * from {{ ref('int_trip_months') }}
),

odometer_spans as (
    select * from {{ ref('int_odometer_spans') }}
),

mileage as (
    select * from {{ ref('int_vehicle_mileage') }}
),

rules as (
    select * from {{ ref('int_driving_score_rules') }}
),

-- A vehicle that sent trips before and after a month without any stood still; before its first and after
-- its last, it was not connected.
connected as (
    select
        vehicle_id,
        min(month_start) as first_month,
        max(month_start) as last_month
    from trip_months
    group by vehicle_id
),

-- What is known of a contract whatever the month: one join of the months instead of three.
known as (
    select
        contracts.contract_id,
        contracts.declared_annual_km,
        mileage.observed_annual_km,
        connected.first_month,
        connected.last_month
    from contracts
    left join mileage on contracts.vehicle_id = mileage.vehicle_id
    left join connected on contracts.vehicle_id = connected.vehicle_id
),

driven as (
    select
        contract_months.contract_id,
        contract_months.vehicle_id,
        contract_months.month_start,
        contract_months.month_days,
        contract_months.exposure_days,
        known.declared_annual_km,
        known.observed_annual_km,
        coalesce(
            contract_months.month_start >= known.first_month
            and contract_months.month_start <= known.last_month,
            false
        ) as is_connected,
        coalesce(trip_months.distance_km, 0e0)
        * contract_months.exposure_days / contract_months.month_days as trip_km,
        trip_months.driving_score
    from contract_months
    inner join known on contract_months.contract_id = known.contract_id
    left join trip_months
        on
            contract_months.vehicle_id = trip_months.vehicle_id
            and contract_months.month_start = trip_months.month_start
),

unconnected as (
    select
        contract_id,
        vehicle_id,
        month_start,
        {{ add_days('month_start', 'month_days') }} as next_month
    from driven
    where not is_connected
),

-- Kilometres a day over the part of the month that lies between two visits.
read_off as (
    select
        unconnected.contract_id,
        unconnected.month_start,
        sum(
            odometer_spans.driven_km * 1e0 / odometer_spans.span_days
            * {{ days_between(
                'greatest(odometer_spans.first_day, unconnected.month_start)',
                'least(odometer_spans.next_day, unconnected.next_month)'
            ) }}
        ) as read_km,
        sum({{ days_between(
            'greatest(odometer_spans.first_day, unconnected.month_start)',
            'least(odometer_spans.next_day, unconnected.next_month)'
        ) }}) as read_days
    from unconnected
    inner join odometer_spans
        on
            unconnected.vehicle_id = odometer_spans.vehicle_id
            and unconnected.next_month > odometer_spans.first_day
            and unconnected.month_start < odometer_spans.next_day
    group by unconnected.contract_id, unconnected.month_start
),

sources as (
    select
        driven.*,
        driven.exposure_days * coalesce(
            -- Half a month between visits says enough about the other half.
            case
                when read_off.read_days * 2 >= driven.month_days then read_off.read_km / read_off.read_days
            end,
            driven.observed_annual_km / 365.25e0
        ) as odometer_km,
        driven.exposure_days * driven.declared_annual_km / 365.25e0 as declared_km
    from driven
    left join read_off
        on driven.contract_id = read_off.contract_id and driven.month_start = read_off.month_start
),

final as (
    select
        contract_id,
        vehicle_id,
        month_start,
        month_days,
        exposure_days,
        cast(round(
            case when is_connected then trip_km else coalesce(odometer_km, declared_km) end
        ) as bigint) as driven_km,
        case
            when is_connected then 'trips'
            when odometer_km is not null then 'odometer'
            when declared_km is not null then 'declared'
            else 'unknown'
        end as driven_km_source,
        case when is_connected then coalesce(driving_score, (select rules.start_value from rules)) end
            as driving_score
    from sources
)

select * from final
