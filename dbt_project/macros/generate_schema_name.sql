{# Schemas carry the plain name of their layer: staging, intermediate, marts, rating_plan. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
