{# Money leaves an aggregation as decimal(18, 2), whatever width the engine summed it in. #}
{% macro money(expression) -%}
    cast({{ expression }} as decimal(18, 2))
{%- endmacro %}

{# A ratio as a double; null where there is nothing to divide by. #}
{% macro ratio(numerator, denominator) -%}
    cast({{ numerator }} as double) / nullif(cast({{ denominator }} as double), 0)
{%- endmacro %}

{# Sum of a column over the rows that meet a condition; zero where none does. #}
{% macro sum_where(column, condition) -%}
    sum(case when {{ condition }} then {{ column }} else 0 end)
{%- endmacro %}
