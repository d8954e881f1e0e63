{# One text of all values of a group, in a fixed order. #}
{% macro ordered_text(value, order_by) -%}
    {{ return(adapter.dispatch('ordered_text')(value, order_by)) }}
{%- endmacro %}

{% macro default__ordered_text(value, order_by) -%}
    listagg({{ value }}, '|') within group (order by {{ order_by }})
{%- endmacro %}

{% macro duckdb__ordered_text(value, order_by) -%}
    array_to_string(
        list_transform(
            list_sort(list(struct_pack(sorted_by := {{ order_by }}, value := {{ value }}))),
            lambda pair: pair['value']
        ),
        '|'
    )
{%- endmacro %}
