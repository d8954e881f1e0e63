{#
A mart adds up to what was delivered, to the cent and the day: the sum of `column` over the rows that meet `where`
is the control total of `measure`, month by month (`by` names a day), year by year
(`by: calendar_year`) or in all. A mart of what exposure carries names the column of int_cost_events that what lies
outside adds (`outside`, of the events that meet `outside_where`).
#}
{% test reconciles(model, measure, column, by='all', where='1 = 1', outside=none, outside_where='1 = 1') %}

{% set text = dbt.type_string() %}
{% if by == 'all' %}
    {% set here, there, elsewhere = "'all'", "'all'", "'all'" %}
{% elif by == 'calendar_year' %}
    {% set here, there = 'cast(calendar_year as ' ~ text ~ ')', 'cast(year(month_start) as ' ~ text ~ ')' %}
    {% set elsewhere = 'cast(year(counted_on) as ' ~ text ~ ')' %}
{% else %}
    {% set here, there = 'cast(' ~ month_of(by) ~ ' as ' ~ text ~ ')', 'cast(month_start as ' ~ text ~ ')' %}
    {% set elsewhere = 'cast(' ~ month_of('counted_on') ~ ' as ' ~ text ~ ')' %}
{% endif %}

with

parts as (
    select
        coalesce({{ here }}, 'no date') as period,
        cast({{ column }} as decimal(18, 2)) as amount
    from {{ model }}
    where {{ where }}
    {%- if outside is not none %}
    union all
    select
        coalesce({{ elsewhere }}, 'no date') as period,
        cast({{ outside }} as decimal(18, 2)) as amount
    from {{ ref('int_cost_events') }}
    where outside_reason is not null and {{ outside_where }}
    {%- endif %}
),

found as (
    select
        period,
        sum(amount) as amount
    from parts
    group by period
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
