-- One row per contract and cover held: as the client lists them, else as the tier grants them, else
-- every cover the client's claims name.

with

terms as (
    select * from {{ ref('int_contract_terms') }}
),

listed as (
    select * from {{ ref('stg_contract_covers') }}
),

tier_covers as (
    select * from {{ ref('tier_covers') }}
),

claims as (
    select * from {{ ref('stg_claims') }}
),

listed_covers as (
    select
        terms.contract_id,
        listed.cover,
        'listed' as cover_source
    from terms
    inner join listed on terms.contract_id = listed.contract_id
),

unlisted as (
    select terms.*
    from terms
    left join listed_covers on terms.contract_id = listed_covers.contract_id
    where listed_covers.contract_id is null
),

granted_covers as (
    select
        unlisted.contract_id,
        tier_covers.cover,
        'tier' as cover_source
    from unlisted
    inner join tier_covers
        on
            unlisted.product = tier_covers.product
            and unlisted.tier = tier_covers.tier
            and unlisted.effective_date >= tier_covers.effective_from
            and unlisted.effective_date <= tier_covers.effective_to
),

claimed_covers as (
    select distinct cover
    from claims
),

assumed_covers as (
    select
        unlisted.contract_id,
        claimed_covers.cover,
        'assumed' as cover_source
    from unlisted
    left join granted_covers on unlisted.contract_id = granted_covers.contract_id
    cross join claimed_covers
    where granted_covers.contract_id is null
),

final as (
    select * from listed_covers
    union all
    select * from granted_covers
    union all
    select * from assumed_covers
)

select * from final
