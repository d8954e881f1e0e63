-- One row per contract: the rating cell it stands in, named by a hash of all its levels.

with

levels as (
    select * from {{ ref('int_contract_levels') }}
),

final as (
    select
        contract_id,
        md5({{ ordered_text("factor || '=' || level", 'factor') }}) as cell_id
    from levels
    group by contract_id
)

select * from final
