with

use as (
    select * from {{ ref('int_contract_month_use') }}
),

-- A number of vehicle and product costs less to group by than their names.
periods as (
    select
        *,
        dense_rank() over (order by vehicle_id nulls last, product nulls last) as vehicle_product
    from {{ ref('int_contract_periods') }}
),

contracts as (
    select * from {{ ref('stg_contracts') }}
),

vehicles as (
    select * from {{ ref('stg_vehicles') }}
),

begun as (
    select
        use.month_start,
        use.exposure_days,
        use.driven_km,
        use.driven_km_source,
        use.driving_score,
        periods.vehicle_product,
        periods.order_of_beginning
    from use
    inner join periods on use.contract_id = periods.contract_id
),

months as (
    select
        month_start,
        max(order_of_beginning) as begun_last,
        count(*) as contracts,
        sum(exposure_days) as exposure_days,
        sum(driven_km) as driven_km,
        max_by(driven_km_source, order_of_beginning) as driven_km_source,
        max_by(driving_score, order_of_beginning) as driving_score
    from begun
    group by vehicle_product, month_start
),

-- Contract, tier and customer are those of the last day in force in the month.
final as (
    select
        periods.vehicle_id,
        periods.product,
        months.month_start,
        periods.contract_id,
        periods.tier,
        periods.customer_id,
        cast(months.contracts as bigint) as contracts,
        cast(months.exposure_days as bigint) as exposure_days,
        cast(greatest(coalesce(
            contracts.vehicle_age_years + year(months.month_start) - year(periods.effective_date),
            year(months.month_start) - vehicles.model_year,
            year(months.month_start) - year(vehicles.in_service_date)
        ), 0) as bigint) as vehicle_age_years,
        cast(months.driven_km as bigint) as driven_km,
        months.driven_km_source,
        cast(months.driving_score as double) as driving_score
    from months
    inner join periods on months.begun_last = periods.order_of_beginning
    inner join contracts on periods.contract_id = contracts.contract_id
    left join vehicles on periods.vehicle_id = vehicles.vehicle_id
)

select * from final
