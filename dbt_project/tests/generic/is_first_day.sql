{# A column that names a month or a quarter holds its first day, or nothing. #}
{% test is_first_day(model, column_name, of) %}

select {{ column_name }}
from {{ model }}
where {{ column_name }} <> {{ month_of(column_name) if of == 'month' else quarter_of(column_name) }}

{% endtest %}
