-- Tiers whose loads leave nothing for the cost, or whose bounds cross or are no multiple of the step.

select *
from {{ ref('tier_prices') }}
where
    commission_ratio < 0
    or risk_margin_ratio < 0
    or target_margin_ratio < 0
    or commission_ratio + risk_margin_ratio + target_margin_ratio >= 1
    or rounding_step <= 0
    or minimum_price > maximum_price
    or mod(minimum_price, nullif(rounding_step, 0)) <> 0
    or mod(maximum_price, nullif(rounding_step, 0)) <> 0
