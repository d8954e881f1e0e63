-- Driving-score bands with a discount and no band, or the other way round.

with

discounts as (
    select * from {{ ref('driving_score_discounts') }}
),

bands as (
    select * from {{ ref('rating_bands') }}
    where factor = 'driving_score'
)

select coalesce(discounts.band, bands.band) as band
from discounts
full outer join bands on discounts.band = bands.band
where discounts.band is null or bands.band is null
