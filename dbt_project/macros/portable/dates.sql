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

{% macro add_years(day, count) -%}
    cast({{ dbt.dateadd('year', count, day) }} as date)
{%- endmacro %}

{# The first days of all months from `first` to `last`: two columns of one row of `bounds`. #}
{% macro month_series(bounds, first, last) -%}
    {{ return(adapter.dispatch('month_series')(bounds, first, last)) }}
{%- endmacro %}

{% macro default__month_series(bounds, first, last) -%}
    select explode(sequence({{ first }}, {{ last }}, interval 1 month)) as month_start
    from {{ bounds }}
    where {{ first }} <= {{ last }}
{%- endmacro %}

{% macro duckdb__month_series(bounds, first, last) -%}
    select cast(unnest(generate_series({{ first }}, {{ last }}, interval 1 month)) as date) as month_start
    from {{ bounds }}
{%- endmacro %}

{% macro month_of(day) -%}
    cast(date_trunc('month', {{ day }}) as date)
{%- endmacro %}

{% macro quarter_of(day) -%}
    cast(date_trunc('quarter', {{ day }}) as date)
{%- endmacro %}

{# Quarters from the one a day lies in to the one another day lies in. #}
{% macro quarters_between(first_day, last_day) -%}
    cast(
        (year({{ last_day }}) - year({{ first_day }})) * 4
        + quarter({{ last_day }}) - quarter({{ first_day }}) as bigint
    )
{%- endmacro %}

{% macro months_between(first_day, last_day) -%}
    cast(
        (year({{ last_day }}) - year({{ first_day }})) * 12
        + month({{ last_day }}) - month({{ first_day }}) as bigint
    )
{%- endmacro %}

{# Seconds from one instant to a later one, as a double. #}
{% macro seconds_between(first_instant, last_instant) -%}
    {{ return(adapter.dispatch('seconds_between')(first_instant, last_instant)) }}
{%- endmacro %}

{% macro default__seconds_between(first_instant, last_instant) -%}
    cast(unix_timestamp({{ last_instant }}) - unix_timestamp({{ first_instant }}) as double)
{%- endmacro %}

{% macro duckdb__seconds_between(first_instant, last_instant) -%}
    cast(epoch_us({{ last_instant }}) - epoch_us({{ first_instant }}) as double) / 1e6
{%- endmacro %}

{# An instant moved by a number of seconds. #}
{% macro add_seconds(instant, seconds) -%}
    {{ return(adapter.dispatch('add_seconds')(instant, seconds)) }}
{%- endmacro %}

{% macro default__add_seconds(instant, seconds) -%}
    {{ instant }} + make_interval(0, 0, 0, 0, 0, 0, {{ seconds }})
{%- endmacro %}

{% macro duckdb__add_seconds(instant, seconds) -%}
    {{ instant }} + to_seconds({{ seconds }})
{%- endmacro %}
