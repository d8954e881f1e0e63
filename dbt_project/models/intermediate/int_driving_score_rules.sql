-- One row: the driving score's coefficients in force at the valuation date, side by side. Coefficients are
-- logarithms, so that their powers are one sum.

with

rules as (
    select rules.*
    from {{ ref('driving_score') }} as rules
    cross join {{ ref('stg_run_parameters') }} as parameters
    where
        parameters.valuation_date >= rules.effective_from
        and parameters.valuation_date <= rules.effective_to
),

final as (
    select
        max(case when parameter = 'intercept' then value end) as intercept,
        max(case when parameter = 'slope' then value end) as slope,
        max(case when parameter = 'base' then value end) as base,
        max(case when parameter = 'start_value' then value end) as start_value,
        max(case when parameter = 'km_per_event' then value end) as km_per_event,
        {% for input in [
            'hard_braking', 'aggressive_turning', 'unsafe_following', 'late_night', 'speeding', 'unbuckled'
        ] -%}
            ln(max(case when parameter = '{{ input }}' then value end)) as {{ input }},
            max(case when parameter = '{{ input }}' then cap end) as {{ input }}_cap,
        {% endfor -%}
        {% for hour in [23, 0, 1, 2, 3] -%}
            max(case when parameter = 'night_hour_{{ hour }}' then value end) as night_hour_{{ hour }}
            {%- if not loop.last %},{% endif %}
        {% endfor %}
    from rules
)

select * from final
