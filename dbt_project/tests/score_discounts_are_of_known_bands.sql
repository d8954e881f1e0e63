-- Driving-score bands with a discount and no band, or the other way round.

select
    coalesce(discounts.band, bands.band) as band
from {{ ref('driving_score_discounts') }} as discounts
full outer join (select * from {{ ref('rating_bands') }} where factor = 'driving_score') as bands
    on discounts.band = bands.band
where discounts.band is null or bands.band is null
