{#
A mart adds up to what was delivered, to the cent and the day: the sum of `column` over the rows that meet `where`
is the control total of `measure`, month by month (`by` names a day), year by year
(`by: calendar_year`) or in all.
#}
{% test reconciles(model, measure, column, by='all', where='1 = 1') %}

{% set text = dbt.type_string() %}
{% if by == 'all' %}
    {% set here, there = "'all'", "'all'" %}
{% elif by == 'calendar_year' %}
    {% set here, there = 'cast(calendar_year as ' ~ text ~ ')', 'cast(year(month_start) as ' ~ text ~ ')' %}
{% else %}
    {% set here, there = 'cast(' ~ month_of(by) ~ ' as ' ~ text ~ ')', 'cast(month_start as ' ~ text ~ ')' %}
{% endif %}

with

found as (
    select
        coalesce({{ here }}, 'no date') as period,
        sum(cast({{ column }} as decimal(18, 2))) as amount
    from {{ model }}
    where {{ where }}
    group by coalesce({{ here }}, 'no date')
),

control as (
    select
        coalesce({{ there }}, 'no date') as period,
        sum(amount) as amount
    from {{ ref('int_control_totals') }}
    where measure = '{{ measure }}'
    group by coalesce({{ there }}, 'no date')
)

select
    coalesce(found.period, control.period) as period,
    found.amount as found_amount,
    control.amount as control_amount
from found
full outer join control on found.period = control.period
where coalesce(found.amount, 0) <> coalesce(control.amount, 0)

{% endtest %}
