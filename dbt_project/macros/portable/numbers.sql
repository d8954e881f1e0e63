{# Whether a double is a number that one can add: neither infinite nor NaN. Empty counts as one. #}
{% macro is_finite_number(number) -%}
    {{ return(adapter.dispatch('is_finite_number')(number)) }}
{%- endmacro %}

{% macro default__is_finite_number(number) -%}
    coalesce(
        not isnan({{ number }}) and abs({{ number }}) <> cast('Infinity' as double), true
    )
{%- endmacro %}

{% macro duckdb__is_finite_number(number) -%}
    coalesce(isfinite({{ number }}), true)
{%- endmacro %}
