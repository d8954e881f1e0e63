{#
A table is dropped and created in one transaction: readers see the one or the other. The adapter's own way, under
another name that is then swapped in, does the same in three statements more, which a small table takes longer for
than for its rows.
#}
{% materialization table, adapter='duckdb' %}
    {% set target = this.incorporate(type='table') %}
    {% set existing = load_cached_relation(this) %}
    {{ run_hooks(pre_hooks) }}
    {% if existing is not none and not existing.is_table %}{% do adapter.drop_relation(existing) %}{% endif %}
    {% call statement('main') %}
        {% if existing is not none and existing.is_table %}drop table if exists {{ target }};{% endif %}
        {{ create_table_as(False, target, sql) }}
    {% endcall %}
    {{ run_hooks(post_hooks) }}
    {% do adapter.commit() %}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}
