{# No double of a model is infinite or not a number: a ratio without a divisor is empty. Columns are those of the
   model's contract. #}
{% test is_finite(model) %}

{% set doubles = [] %}
{% if execute %}
    {% for column in graph.nodes['model.' ~ project_name ~ '.' ~ model.identifier].columns.values() %}
        {% if column.data_type == 'double' %}{% do doubles.append(column.name) %}{% endif %}
    {% endfor %}
{% endif %}
select *
from {{ model }}
where
    1 = 0
    {%- for column in doubles %}
    or not {{ is_finite_number(column) }}
    {%- endfor %}

{% endtest %}
