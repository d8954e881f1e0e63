-- One row per contract and rating factor: the level it is rated at. Ours first (make, model, powertrain,
-- vehicle age, annual mileage, driving score, region; bands from the rating plan), then the client's own.

with

terms as (
    select * from {{ ref('int_contract_terms') }}
),

client_factors as (
    select * from {{ ref('stg_contract_factors') }}
),

bands as (
    select bands.*
    from {{ ref('rating_bands') }} as bands
    cross join {{ ref('stg_run_parameters') }} as parameters
    where
        parameters.rating_year_start >= bands.effective_from
        and parameters.rating_year_start <= bands.effective_to
),

numbers as (
    select
        contract_id,
        'vehicle_age' as factor,
        vehicle_age_years as number
    from terms
    union all
    select
        contract_id,
        'annual_mileage' as factor,
        annual_km as number
    from terms
    union all
    select
        contract_id,
        'driving_score' as factor,
        driving_score as number
    from terms
),

banded as (
    select
        numbers.contract_id,
        numbers.factor,
        case when numbers.number is null then 'unknown' else bands.band end as level,
        bands.band_order as level_order
    from numbers
    left join bands
        on
            numbers.factor = bands.factor
            and numbers.number >= bands.lower_bound
            and (numbers.number < bands.upper_bound or bands.upper_bound is null)
),

make as (
    select
        contract_id,
        'make' as factor,
        coalesce(make, 'unknown') as level,
        cast(null as bigint) as level_order
    from terms
),

-- A model's name means something only beside its make's.
model as (
    select
        contract_id,
        'model' as factor,
        coalesce(make || ' ' || model, model, 'unknown') as level,
        cast(null as bigint) as level_order
    from terms
),

powertrain as (
    select
        contract_id,
        'powertrain' as factor,
        coalesce(powertrain, 'unknown') as level,
        cast(null as bigint) as level_order
    from terms
),

region as (
    select
        contract_id,
        'region' as factor,
        coalesce(region, 'unknown') as level,
        cast(null as bigint) as level_order
    from terms
),

declared as (
    select
        client_factors.contract_id,
        client_factors.factor,
        client_factors.level,
        client_factors.level_order
    from client_factors
    inner join terms on client_factors.contract_id = terms.contract_id
),

final as (
    select * from make
    union all
    select * from model
    union all
    select * from powertrain
    union all
    select * from region
    union all
    select * from banded
    union all
    select * from declared
)

select
    contract_id,
    factor,
    level,
    cast(level_order as bigint) as level_order
from final
