{# The price of every contract from one published table, in the long form of models_ml.rating.tariff; the
   products are taken in the order given, which is the table's, so that the result agrees with the rating
   library to the cent.

   contracts: relation with contract_id, tier and a text column per factor, one row per contract_id.
   table: relation of the published table.
   factors: rating factors of the covers, in the order of the table.
   price_factors: factors on the price, in the order of the table.
   A level that is not in the table rates as `*`. #}
{% macro rate_contracts(contracts, table, factors, price_factors=[]) -%}
with

rules as (
    select
        tier, cover, factor, level, relativity,
        cast(base_rate as double) as base_rate, cast(fixed_amount as double) as fixed_amount
    from {{ table }}
),

inside as (
    select
        contracts.contract_id, contracts.tier,
        sum({{ whole_cents(
            whole_cents('(' ~ relativity_product('bases.base_rate', 'cover', factors) ~ ' + bases.fixed_amount) * 100e0')
            ~ ' * coalesce(limits.relativity, 1e0) * terms.relativity'
        ) }}) as cost
    from {{ contracts }} as contracts
    inner join rules as terms on contracts.tier = terms.tier and terms.factor = 'terms'
    left join rules as limits
        on terms.tier = limits.tier and terms.cover = limits.cover and limits.factor = 'limit'
    inner join rules as bases on bases.tier = '*' and terms.cover = bases.cover and bases.factor = 'base'
    {{ relativity_joins('bases.cover', 'cover', factors) }}
    group by contracts.contract_id, contracts.tier
),

loaded as (
    select
        contracts.contract_id, contracts.tier,
        {{ relativity_product('(coalesce(inside.cost, 0e0) + round(lines.fixed_amount * 100)) / shares.relativity',
            'price', price_factors) }} as amount
    from {{ contracts }} as contracts
    left join inside on contracts.contract_id = inside.contract_id
    inner join rules as lines on contracts.tier = lines.tier and lines.factor = 'lines'
    inner join rules as shares on contracts.tier = shares.tier and shares.factor = 'cost_share'
    {{ relativity_joins("'*'", 'price', price_factors) }}
),

held as (
    select
        loaded.contract_id,
        greatest(
            least(loaded.amount, coalesce(round(maxima.fixed_amount * 100), loaded.amount)),
            coalesce(round(minima.fixed_amount * 100), 0e0)
        ) as amount,
        round(rounding.fixed_amount * 100) as step,
        case rounding.level when 'nearest' then {{ 0.5 + 1e-7 }}e0 when 'up' then {{ 1 - 1e-7 }}e0 else 1e-7 end
            as shift
    from loaded
    inner join rules as rounding on loaded.tier = rounding.tier and rounding.factor = 'rounding'
    left join rules as minima on loaded.tier = minima.tier and minima.factor = 'minimum'
    left join rules as maxima on loaded.tier = maxima.tier and maxima.factor = 'maximum'
)

select contract_id, {{ money('round(step * floor(amount / step + shift) / 100, 2)') }} as price
from held
{%- endmacro %}

{# Hundredths to whole ones, halves up: whatever lies within a hair below a half is one. #}
{% macro whole_cents(amount) -%}
    floor(({{ amount }}) + 0.5e0 + 1e-7)
{%- endmacro %}

{# An amount times the relativity of every factor, in order; needs the joins below. #}
{% macro relativity_product(amount, kind, factors) -%}
    {{ amount }}
    {%- for factor in factors %} * coalesce({{ kind }}_{{ loop.index }}.relativity, {{ kind }}_{{ loop.index }}_other.relativity, 1e0){% endfor %}
{%- endmacro %}

{# The row of a contract's own level of every factor, and the row of `*`. #}
{% macro relativity_joins(cover, kind, factors) -%}
    {%- for factor in factors %}
    left join rules as {{ kind }}_{{ loop.index }}
        on {{ kind }}_{{ loop.index }}.tier = '*' and {{ kind }}_{{ loop.index }}.cover = {{ cover }}
        and {{ kind }}_{{ loop.index }}.factor = '{{ factor }}'
        and {{ kind }}_{{ loop.index }}.level = contracts.{{ factor }}
    left join rules as {{ kind }}_{{ loop.index }}_other
        on {{ kind }}_{{ loop.index }}_other.tier = '*' and {{ kind }}_{{ loop.index }}_other.cover = {{ cover }}
        and {{ kind }}_{{ loop.index }}_other.factor = '{{ factor }}' and {{ kind }}_{{ loop.index }}_other.level = '*'
    {%- endfor %}
{%- endmacro %}

{# Contracts with the level of every factor in place of the value that they came with; null where none takes it.
   The same as models_ml.rating.levels: a level by its name, else a code, else a plain number by its band, else
   a model behind its make.

   contracts: relation with contract_id, tier and a text column per factor.
   levels: relation of rating_levels.csv of the version.
   factors: to be looked up, those on the price too. #}
{% macro levels_of_values(contracts, levels, factors) -%}
select
    contracts.contract_id,
    contracts.tier,
    {%- for factor in factors %}
    coalesce(
        label_{{ loop.index }}.level, code_{{ loop.index }}.level, band_{{ loop.index }}.level
        {%- if factor == 'model' and 'make' in factors %}, behind_{{ loop.index }}.level{% endif %}
    ) as {{ factor }}{{ "," if not loop.last }}
    {%- endfor %}
from {{ contracts }} as contracts
{%- for factor in factors %}
left join {{ levels }} as label_{{ loop.index }}
    on label_{{ loop.index }}.factor = '{{ factor }}' and label_{{ loop.index }}.kind = 'label'
    and label_{{ loop.index }}.value = contracts.{{ factor }}
left join {{ levels }} as code_{{ loop.index }}
    on code_{{ loop.index }}.factor = '{{ factor }}' and code_{{ loop.index }}.kind = 'code'
    and code_{{ loop.index }}.value = contracts.{{ factor }}
left join {{ levels }} as band_{{ loop.index }}
    on band_{{ loop.index }}.factor = '{{ factor }}' and band_{{ loop.index }}.kind = 'band'
    and {{ plain_number('contracts.' ~ factor) }} >= band_{{ loop.index }}.lower_bound
    and (
        band_{{ loop.index }}.upper_bound is null
        or {{ plain_number('contracts.' ~ factor) }} < band_{{ loop.index }}.upper_bound
    )
    and (
        not band_{{ loop.index }}.whole
        or {{ plain_number('contracts.' ~ factor) }} = floor({{ plain_number('contracts.' ~ factor) }})
    )
{%- if factor == 'model' and 'make' in factors %}
left join {{ levels }} as behind_{{ loop.index }}
    on behind_{{ loop.index }}.factor = 'model' and behind_{{ loop.index }}.kind = 'label'
    and behind_{{ loop.index }}.value = contracts.make || ' ' || contracts.model
{%- endif %}
{%- endfor %}
{%- endmacro %}

{# A text as a number if it is a plain one: no sign but a minus, no separators, no exponent; else null. #}
{% macro plain_number(text) -%}
    case
        when regexp_extract({{ text }}, '^-?(0|[1-9][0-9]{0,14})([.][0-9]{1,15})?$', 0) <> ''
            then try_cast({{ text }} as double)
    end
{%- endmacro %}
