-- Cut by any factor, cost and exposure are the same as uncut: no contract lacks a level, none has two.

with

by_factor as (
    select
        factor,
        case when cover = 'all covers' then 'all covers' else 'each cover' end as rows_of,
        sum(incurred_amount) as incurred_amount,
        sum(case when cover = 'all covers' then exposure_days end) as exposure_days
    from {{ ref('cost_by_factor_level') }}
    group by factor, case when cover = 'all covers' then 'all covers' else 'each cover' end
),

outside as (
    select coalesce(sum(incurred_amount), 0) as incurred_amount
    from {{ ref('claims_outside_exposure') }}
),

control as (
    select
        sum(case when measure = 'incurred' then amount else 0 end)
        - (select outside.incurred_amount from outside) as incurred_amount,
        sum(case when measure = 'exposure_days' then amount else 0 end) as exposure_days
    from {{ ref('int_control_totals') }}
)

select
    by_factor.factor,
    by_factor.rows_of,
    by_factor.incurred_amount,
    control.incurred_amount as control_incurred_amount,
    by_factor.exposure_days,
    control.exposure_days as control_exposure_days
from by_factor
cross join control
where
    by_factor.incurred_amount <> control.incurred_amount
    or by_factor.exposure_days <> control.exposure_days
