{# Columns that every row must have. One test for all of them: a test each is a second of every run. #}
{% test not_blank(model, columns) %}

select *
from {{ model }}
where
    {% for column in columns -%}
    {{ 'or ' if not loop.first }}{{ column }} is null
    {% endfor %}

{% endtest %}
