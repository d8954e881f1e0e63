with

source as (
    select * from {{ source('lake', 'run_parameters') }}
),

final as (
    select
        client,
        currency,
        rating_year,
        rating_year_start,
        rating_year_end,
        valuation_date
    from source
)

select * from final
