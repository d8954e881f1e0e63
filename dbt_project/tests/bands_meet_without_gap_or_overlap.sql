-- Bands of a factor that hold on the same day follow each other.

with

bands as (
    select
        *,
        lead(lower_bound) over (
            partition by factor, effective_from
            order by band_order nulls last, lower_bound nulls last
        ) as next_lower_bound
    from {{ ref('rating_bands') }}
)

select
    factor,
    band,
    upper_bound,
    next_lower_bound
from bands
where
    (next_lower_bound is not null and upper_bound is null)
    or upper_bound <> next_lower_bound
    or upper_bound <= lower_bound
