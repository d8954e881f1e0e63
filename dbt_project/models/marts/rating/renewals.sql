-- One row per contract that comes up for renewal in the rating year: in force to its last day as far as is
-- known, and the last of its vehicle and product that began before.

with

periods as (
    select * from {{ ref('int_contract_periods') }}
    where expiry_date is not null and is_taken_up
),

contracts as (
    select * from {{ ref('stg_contracts') }}
),

terms as (
    select * from {{ ref('int_contract_terms') }}
),

cells as (
    select * from {{ ref('int_contract_cells') }}
),

bands as (
    select * from {{ ref('rating_bands') }}
    where factor = 'vehicle_age'
),

parameters as (
    select * from {{ ref('stg_run_parameters') }}
),

dated as (
    select
        contract_id,
        product,
        customer_id,
        effective_date,
        expiry_date,
        last_day_in_force,
        {{ add_days('expiry_date', 1) }} as renewal_date,
        -- A customer whom nobody names is whoever holds the vehicle.
        min(effective_date) over (
            partition by vehicle_id, product, coalesce(customer_id, 'unknown')
        ) as customer_since,
        row_number() over (
            partition by vehicle_id, product
            order by expiry_date desc nulls last, effective_date desc nulls last, contract_id desc nulls last
        ) as recency
    from periods
    cross join parameters
    where effective_date < parameters.rating_year_start
),

expiring as (
    select
        dated.*,
        parameters.rating_year_start
    from dated
    cross join parameters
    where
        dated.recency = 1
        and dated.last_day_in_force = dated.expiry_date
        and dated.renewal_date >= parameters.rating_year_start
        and dated.expiry_date < parameters.rating_year_end
),

aged as (
    select
        expiring.contract_id,
        terms.vehicle_id,
        expiring.product,
        terms.tier,
        cells.cell_id,
        contracts.channel,
        expiring.renewal_date,
        expiring.rating_year_start,
        expiring.customer_since,
        terms.annual_premium,
        terms.vehicle_age_years
        + year(expiring.renewal_date) - year(expiring.effective_date) as vehicle_age_years,
        -- Anniversaries that have passed; of a 29th of February, the last day of the month.
        cast(
            year(expiring.renewal_date) - year(expiring.customer_since)
            - case
                when
                    case
                        when
                            month(expiring.renewal_date) = 2
                            and month({{ add_days('expiring.renewal_date', 1) }}) = 3
                            then 229
                        else month(expiring.renewal_date) * 100 + day(expiring.renewal_date)
                    end
                    < month(expiring.customer_since) * 100 + day(expiring.customer_since)
                    then 1
                else 0
            end as bigint
        ) as tenure_years
    from expiring
    inner join terms on expiring.contract_id = terms.contract_id
    inner join contracts on expiring.contract_id = contracts.contract_id
    inner join cells on expiring.contract_id = cells.contract_id
),

final as (
    select
        aged.contract_id,
        aged.vehicle_id,
        aged.product,
        aged.tier,
        aged.cell_id,
        aged.channel,
        aged.renewal_date,
        aged.customer_since,
        aged.tenure_years,
        case when aged.vehicle_age_years is null then 'unknown' else bands.band end as vehicle_age,
        aged.annual_premium
    from aged
    left join bands
        on
            aged.vehicle_age_years >= bands.lower_bound
            and (aged.vehicle_age_years < bands.upper_bound or bands.upper_bound is null)
            and aged.rating_year_start >= bands.effective_from
            and aged.rating_year_start <= bands.effective_to
)

select * from final
