{# How many times a positive whole number goes into one that is not negative. #}
{% macro whole_quotient(dividend, divisor) -%}
    {{ return(adapter.dispatch('whole_quotient')(dividend, divisor)) }}
{%- endmacro %}

{% macro default__whole_quotient(dividend, divisor) -%}
    (({{ dividend }}) div ({{ divisor }}))
{%- endmacro %}

{% macro duckdb__whole_quotient(dividend, divisor) -%}
    (({{ dividend }}) // ({{ divisor }}))
{%- endmacro %}

{# A whole number of up to 38 digits. #}
{% macro wide(number) -%}
    {{ return(adapter.dispatch('wide')(number)) }}
{%- endmacro %}

{% macro default__wide(number) -%}
    cast({{ number }} as decimal(38, 0))
{%- endmacro %}

{% macro duckdb__wide(number) -%}
    cast({{ number }} as hugeint)
{%- endmacro %}
