{# Money leaves an aggregation as decimal(18, 2), whatever width the engine summed it in. #}
{% macro money(expression) -%}
    cast({{ expression }} as decimal(18, 2))
{%- endmacro %}

{# A ratio as a double; null where there is nothing to divide by. #}
{% macro ratio(numerator, denominator) -%}
    cast({{ numerator }} as double) / nullif(cast({{ denominator }} as double), 0)
{%- endmacro %}

{# Sum of a column over the rows that meet a condition; zero where none does. #}
{% macro sum_where(column, condition) -%}
    sum(case when {{ condition }} then {{ column }} else 0 end)
{%- endmacro %}

{# The share `part / whole` of an amount, in whole cents, halves away from nought: 1000.00 for 31 days of 366 is
   84.70. Reckoned in whole numbers throughout, so that both engines, a mart and its control come to the same
   cent, and so that shares of a growing part telescope: what is earned to the last day is the whole amount.

   amount: money, decimal(18, 2) or what casts to it.
   part, whole: whole numbers, not negative; `wide()` where part * whole may pass 9e18. Null where whole is
   nought. #}
{% macro money_share(amount, part, whole) -%}
    {%- set cents = 'abs(cast(' ~ money(amount) ~ ' * 100 as bigint))' -%}
    {%- set units = 'nullif(' ~ whole ~ ', 0)' -%}
    {{ money(
        '(case when ' ~ amount ~ ' < 0 then -1 else 1 end) * cast('
        ~ whole_quotient(cents, units) ~ ' * (' ~ part ~ ') + '
        ~ whole_quotient('2 * (' ~ cents ~ ' % ' ~ units ~ ') * (' ~ part ~ ') + ' ~ units, '2 * ' ~ units)
        ~ ' as decimal(18, 0)) * 0.01'
    ) }}
{%- endmacro %}
