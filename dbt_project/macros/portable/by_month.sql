{#
A table built month by month from a monthly source of the lake, one statement a month: the days of one month
fit into memory, and a month is built again only if its files, or the rules it is built by, are not those it
was built from. Months whose files have gone are taken out. The model's SQL is written for one month, with

    first_of_month()    its first day
    first_of_window()   first of the thirty days that end with it: its second day, or a day of January
    local_time(moment)  the client's clock at a moment in UTC, of the month or its window
    built_from()        fingerprint of files, clock and rules, kept in the column built_from

and reads the staged source by its name. DuckDB is given the month's folders in its place: it then knows how many
rows to expect, and joins the smaller side to the larger. The one row of rules that the model names in its meta and
reads as `(select rules.NAME from rules)` is given as constants: as scalar subqueries they cost a tenth more.

The column month_start must come last: on an engine with partitions it is the one.
#}
{% macro first_of_month() %}cast('@month@' as date){% endmacro %}
{% macro first_of_window() %}cast('@window@' as date){% endmacro %}
{% macro local_time(instant) %}({{ add_seconds(instant, "cast('@ahead_of(" ~ instant ~ ")@' as bigint)") }}){% endmacro %}
{% macro built_from() %}cast('@built_from@' as {{ dbt.type_string() }}){% endmacro %}

{# The compiled model with its rules as constants. A number goes there and back as text without loss. #}
{% macro _with_rules(sql, model_of_rules) %}
    {% set relation = ref(model_of_rules) %}
    {% set columns = adapter.get_columns_in_relation(relation) %}
    {% set texts = [] %}
    {% for column in columns %}
        {% do texts.append('cast(' ~ column.name ~ ' as ' ~ dbt.type_string() ~ ')') %}
    {% endfor %}
    {% set row = run_query('select ' ~ texts | join(', ') ~ ' from ' ~ relation).rows[0] %}
    {% set filled = namespace(sql=sql) %}
    {% for column in columns %}
        {% set value = row[loop.index0] %}
        {% set constant = 'null' if value is none else "'" ~ value ~ "'" %}
        {% set filled.sql = filled.sql | replace(
            '(select rules.' ~ column.name ~ ' from rules)', 'cast(' ~ constant ~ ' as ' ~ column.dtype ~ ')'
        ) %}
    {% endfor %}
    {{ return(filled.sql) }}
{% endmacro %}

{# Seconds by which the client's clock is ahead of UTC, as one figure or, where clocks are changed, as cases. #}
{% macro _ahead_of(instant, offsets) %}
    {% set ahead = namespace(sql=offsets[0][1] | string) %}
    {% for from_at, seconds in offsets[1:] %}
        {% set ahead.sql = "case when " ~ instant ~ " >= cast('" ~ from_at ~ "' as timestamp) then " ~ seconds
            ~ ' else ' ~ ahead.sql ~ ' end' %}
    {% endfor %}
    {{ return(ahead.sql) }}
{% endmacro %}

{% macro _for_month(sql, month, source_name) %}
    {% set folder = env_var('RATEWRIGHT_LAKE') ~ '/' ~ source_name ~ '/' %}
    {% set files = [] %}
    {% for name in month.folders %}{% do files.append(folder ~ name ~ '*.parquet') %}{% endfor %}
    {% set told = namespace(sql=sql) %}
    {% for instant in modules.re.findall("'@ahead_of[(](.*?)[)]@'", sql) | unique %}
        {% set told.sql = told.sql | replace("'@ahead_of(" ~ instant ~ ")@'", _ahead_of(instant, month.offsets)) %}
    {% endfor %}
    {% set rows = "(select * from read_parquet(['" ~ files | join("', '") ~ "'], hive_partitioning = false))" %}
    {{ return(
        told.sql | replace('@month@', month.start | string) | replace('@window@', month.window | string)
        | replace('@built_from@', month.built_from) | replace(ref('stg_' ~ source_name) | string, rows)
    ) }}
{% endmacro %}

{# Every month in the lake, with its window and what it would be built from now. #}
{% macro _months_of_lake(source_name, rules) %}
    {% set day = modules.datetime.timedelta(days=1) %}
    {% set parts = run_query(
        'select month_start, fingerprint from ' ~ source('lake', 'lake_parts')
        ~ " where source = '" ~ source_name ~ "' order by month_start"
    ).rows %}
    {% set clock = run_query(
        'select from_at, offset_seconds from ' ~ source('lake', 'utc_offsets') ~ ' order by from_at'
    ).rows %}
    {% set months = [] %}
    {% for part in parts %}
        {% set start = part[0] %}
        {% set last = (start + 31 * day).replace(day=1) - day %}
        {% set window = last - 29 * day %}
        {% set before = parts[loop.index0 - 1] if loop.index0 and window < start else none %}
        {% set folders = ['month=' ~ start.strftime('%Y-%m') ~ '/'] %}
        {% if before and before[0] >= window.replace(day=1) %}
            {% do folders.append('month=' ~ window.strftime('%Y-%m') ~ '/') %}
        {% endif %}
        {# What held when the window began, then every change up to a day after the month. #}
        {% set before_window = modules.datetime.datetime.combine(
            [window, start] | min - 2 * day, modules.datetime.time()
        ) %}
        {% set after_month = modules.datetime.datetime.combine(last + 2 * day, modules.datetime.time()) %}
        {% set offsets = namespace(rows=[]) %}
        {% for from_at, seconds in clock if from_at <= after_month %}
            {% set offsets.rows = ([] if from_at <= before_window else offsets.rows) + [(from_at, seconds)] %}
        {% endfor %}
        {% do months.append({
            'start': start,
            'offsets': offsets.rows,
            'window': window,
            'folders': folders,
            'built_from': local_md5(rules ~ offsets.rows ~ part[1] ~ (before[1] if folders | length > 1 else '')),
        }) %}
    {% endfor %}
    {{ return(months) }}
{% endmacro %}

{% materialization by_month, adapter='duckdb' %}
    {% set target = this.incorporate(type='table') %}
    {% set existing = load_cached_relation(this) %}
    {% set source_name = config.require('meta')['source'] %}
    {% set sql = _with_rules(sql, config.require('meta')['rules']) %}
    {# What decides on a month beside its files: the model's code, its macros' and the rules' values are all in it. #}
    {% set months = _months_of_lake(source_name, local_md5(sql)) %}
    {% set wanted = months | map(attribute='built_from') | list %}
    {% set built = [] %}
    {% if existing is not none and existing.is_table and not should_full_refresh() %}
        {% set rows = run_query('select distinct built_from from ' ~ target).rows %}
        {% set built = rows | map(attribute=0) | select('in', wanted) | list %}
    {% endif %}

    {{ run_hooks(pre_hooks) }}
    {% if built %}
        {% call statement('forget') %}
            delete from {{ target }} where built_from not in ('{{ built | join("', '") }}')
        {% endcall %}
    {% else %}
        {% if existing is not none %}{% do adapter.drop_relation(existing) %}{% endif %}
        {% set never = modules.datetime.date(1900, 1, 1) %}
        {% call statement('create') %}
            create table {{ target }} as
            {{ _for_month(
                sql,
                {'start': never, 'window': never, 'folders': [''], 'built_from': '', 'offsets': [('', 0)]},
                source_name
            ) }}
        {% endcall %}
    {% endif %}
    {% for month in months if month.built_from not in built %}
        {% call statement('main') %}
            insert into {{ target }}
            {{ _for_month(sql, month, source_name) }}
        {% endcall %}
    {% endfor %}
    {% if months | length == built | length %}
        {% call statement('main') %}select 1{% endcall %}
    {% endif %}
    {{ run_hooks(post_hooks) }}
    {% do adapter.commit() %}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}
