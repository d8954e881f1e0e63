with

terms as (
    select * from {{ ref('int_contract_terms') }}
    where exposure_days > 0
),

segments as (
    select * from {{ ref('int_contract_segments') }}
),

limits as (
    select * from {{ ref('tier_limits') }}
),

repair_orders as (
    select * from {{ ref('stg_repair_orders') }}
    where visit_type = 'service'
),

plan_repairs as (
    select * from {{ ref('int_plan_repairs') }}
    where visit_type = 'service'
),

limited as (
    select
        terms.contract_id,
        terms.vehicle_id,
        terms.product,
        terms.tier,
        terms.exposure_days,
        limits.limit_kind,
        limits.limit_per_year
    from terms
    inner join limits
        on
            terms.product = limits.product
            and terms.tier = limits.tier
            and terms.effective_date >= limits.effective_from
            and terms.effective_date <= limits.effective_to
    where limits.limit_kind = 'service_visits'
),

visits as (
    select
        limited.contract_id,
        count(*) as used_count,
        count(plan_repairs.repair_order_id) as paid_count,
        sum(plan_repairs.incurred_amount) as paid_amount
    from limited
    inner join segments on limited.contract_id = segments.contract_id
    inner join repair_orders
        on
            segments.vehicle_id = repair_orders.vehicle_id
            and segments.first_day <= repair_orders.opened_on
            and segments.last_day >= repair_orders.opened_on
    left join plan_repairs on repair_orders.repair_order_id = plan_repairs.repair_order_id
    group by limited.contract_id
),

final as (
    select
        limited.contract_id,
        limited.vehicle_id,
        limited.product,
        limited.tier,
        limited.limit_kind,
        limited.exposure_days,
        limited.limit_per_year as limit_count,
        cast(coalesce(visits.used_count, 0) as bigint) as used_count,
        cast(coalesce(visits.paid_count, 0) as bigint) as paid_count,
        {{ money('coalesce(visits.paid_amount, 0)') }} as paid_amount,
        cast(greatest(coalesce(visits.used_count, 0) - limited.limit_per_year, 0) as bigint)
            as over_limit_count,
        cast(greatest(coalesce(visits.paid_count, 0) - limited.limit_per_year, 0) as bigint)
            as paid_over_limit_count
    from limited
    left join visits on limited.contract_id = visits.contract_id
)

select * from final
