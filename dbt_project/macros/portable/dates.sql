{# Engine-specific SQL lives in this folder only. #}

{% macro days_between(first_day, last_day) -%}
    {{ return(adapter.dispatch('days_between')(first_day, last_day)) }}
{%- endmacro %}

{% macro default__days_between(first_day, last_day) -%}
    cast({{ dbt.datediff(first_day, last_day, 'day') }} as bigint)
{%- endmacro %}

{% macro duckdb__days_between(first_day, last_day) -%}
    cast(({{ last_day }}) - ({{ first_day }}) as bigint)
{%- endmacro %}

{% macro add_days(day, count) -%}
    cast({{ dbt.dateadd('day', count, day) }} as date)
{%- endmacro %}
