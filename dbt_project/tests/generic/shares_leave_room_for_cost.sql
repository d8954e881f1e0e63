{# Expense, commission and margin are shares of the premium and leave a part of it for the cost. #}
{% test shares_leave_room_for_cost(model) %}

select *
from {{ model }}
where
    expense_ratio < 0
    or commission_ratio < 0
    or margin_ratio < 0
    or expense_ratio + commission_ratio + margin_ratio >= 1

{% endtest %}
