{# A model's grain: no two rows share these columns. Shows the keys that repeat. #}
{% test unique_grain(model, columns) %}

select
    {{ columns | join(', ') }},
    count(*) as copies
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1

{% endtest %}
