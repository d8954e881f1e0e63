{# One text of all values of a group, in a fixed order. #}
{% macro ordered_text(value, order_by) -%}
    {{ return(adapter.dispatch('ordered_text')(value, order_by)) }}
{%- endmacro %}

{% macro default__ordered_text(value, order_by) -%}
    listagg({{ value }}, '|') within group (order by {{ order_by }})
{%- endmacro %}

{% macro duckdb__ordered_text(value, order_by) -%}
    string_agg({{ value }}, '|' order by {{ order_by }})
{%- endmacro %}
