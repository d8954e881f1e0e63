with

use as (
    select * from {{ ref('int_contract_month_use') }}
),

periods as (
    select * from {{ ref('int_contract_periods') }}
),

contracts as (
    select * from {{ ref('stg_contracts') }}
),

vehicles as (
    select * from {{ ref('stg_vehicles') }}
),

aged as (
    select
        use.vehicle_id,
        periods.product,
        use.month_start,
        use.contract_id,
        periods.tier,
        periods.customer_id,
        use.exposure_days,
        use.driven_km,
        use.driven_km_source,
        use.driving_score,
        periods.order_of_beginning as begun,
        greatest(coalesce(
            contracts.vehicle_age_years + year(use.month_start) - year(periods.effective_date),
            year(use.month_start) - vehicles.model_year,
            year(use.month_start) - year(vehicles.in_service_date)
        ), 0) as vehicle_age_years
    from use
    inner join periods on use.contract_id = periods.contract_id
    inner join contracts on use.contract_id = contracts.contract_id
    left join vehicles on use.vehicle_id = vehicles.vehicle_id
),

-- Contract, tier and customer are those of the last day in force in the month.
final as (
    select
        vehicle_id,
        product,
        month_start,
        max_by(contract_id, begun) as contract_id,
        max_by(tier, begun) as tier,
        max_by(customer_id, begun) as customer_id,
        cast(count(*) as bigint) as contracts,
        cast(sum(exposure_days) as bigint) as exposure_days,
        cast(max_by(vehicle_age_years, begun) as bigint) as vehicle_age_years,
        cast(sum(driven_km) as bigint) as driven_km,
        max_by(driven_km_source, begun) as driven_km_source,
        cast(max_by(driving_score, begun) as double) as driving_score
    from aged
    group by vehicle_id, product, month_start
)

select * from final
