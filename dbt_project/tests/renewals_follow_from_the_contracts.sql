-- Vehicles whose renewals are not the days, in the rating year, after the last day of what was delivered.

with

contracts as (
    select
        contracts.vehicle_id,
        coalesce(contracts.product, 'unspecified') as product,
        contracts.expiry_date,
        contracts.cancelled_on,
        parameters.rating_year_start,
        parameters.rating_year_end
    from {{ ref('stg_contracts') }} as contracts
    cross join {{ ref('stg_run_parameters') }} as parameters
    where
        contracts.effective_date < parameters.rating_year_start
        and (contracts.cancelled_on is null or contracts.cancelled_on > contracts.effective_date)
),

-- A cancelled contract comes up for nothing, even where another one ended before it.
last_days as (
    select
        vehicle_id,
        product,
        max(expiry_date) as last_day,
        max(case when cancelled_on is null or cancelled_on > expiry_date then expiry_date end) as kept_to
    from contracts
    group by vehicle_id, product, rating_year_start, rating_year_end
    having
        max(expiry_date) >= {{ add_days('rating_year_start', -1) }}
        and max(expiry_date) < rating_year_end
),

expected as (
    select
        vehicle_id,
        product,
        {{ add_days('last_day', 1) }} as renewal_date,
        1 as renewals
    from last_days
    where last_day = kept_to
),

found as (
    select
        vehicle_id,
        product,
        min(renewal_date) as renewal_date,
        count(*) as renewals
    from {{ ref('renewals') }}
    group by vehicle_id, product
)

select
    coalesce(expected.vehicle_id, found.vehicle_id) as vehicle_id,
    expected.renewal_date as expected_date,
    found.renewal_date
from expected
full outer join found
    on
        expected.vehicle_id = found.vehicle_id
        and expected.product = found.product
where
    expected.renewal_date is distinct from found.renewal_date
    or expected.renewals is distinct from found.renewals
