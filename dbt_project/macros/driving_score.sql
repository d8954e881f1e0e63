{# The driving score of a day from its shares in per cent; needs the CTE `rules`. A share that is not known
   counts as nought. Powers of the coefficients are one exponential of a sum: the seed's coefficients come as
   logarithms. #}
{% macro driving_score(shares) -%}
    greatest(0e0, least(100e0, (select rules.intercept from rules)
        - (select rules.slope from rules) * (select rules.base from rules) * exp(
            {%- for name, share in shares.items() %}
            {{ '+ ' if not loop.first }}(select rules.{{ name }} from rules)
            * least(coalesce({{ share }}, 0e0), (select rules.{{ name }}_cap from rules))
            {%- endfor %}
        )
    ))
{%- endmacro %}
