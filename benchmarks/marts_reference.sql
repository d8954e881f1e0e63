-- The marts by hand: one DuckDB script with every liberty a dialect gives, the yardstick of `make bench-marts`.
-- Shared work is kept in temporary tables with integer keys; only the marts are written to the file.
-- {lake}, {seeds} and the valuation's figures are filled in by benchmarks/marts.py, which also runs the part
-- between `-- for each month` and `-- end` once a month.

create schema marts;
create temp macro share(amount, part, whole) as
    ((case when amount < 0 then -1 else 1 end) * (
        (2 * abs((amount::decimal(18, 2) * 100)::hugeint) * part + whole) // nullif(2 * whole, 0)
    )::decimal(18, 0) * 0.01)::decimal(18, 2);
create temp table p as select * from '{lake}/run_parameters/*.parquet';
create temp table v as
    select *, row_number() over (order by vehicle_id)::int as k
    from read_parquet('{lake}/vehicles/*.parquet', union_by_name = true);
create temp table s as pivot (
    select parameter, value from read_csv('{seeds}/driving_score.csv')
    union all select parameter || '_cap', cap from read_csv('{seeds}/driving_score.csv') where cap is not null
) on parameter using max(value);
create temp table bands as select * from read_csv('{seeds}/rating_bands.csv');

create temp table drive (
    k int, m date, km double, score double
);
-- for each month
insert into drive
with d as (
    select v.k, ({local})::date as day, sum(round(distance_km * 1000)) as dist,
        sum(epoch_us(ended_at) - epoch_us(started_at))::double / 1e6 as secs,
        sum(harsh_brakes::double) as hb, sum(harsh_turns::double) as ht, sum(speeding_s::double) as sp,
        sum(unbelted_s::double) as ub, sum(close_following_s::double) as uf,
        sum(case when night_km > 0 then round(1000 * night_km * case hour({local})
            when 0 then {night_hour_0} when 1 then {night_hour_1} when 2 then {night_hour_2}
            when 3 then {night_hour_3} else {night_hour_23} end) end) as ln
    from read_parquet({files}) as t join v on v.vehicle_id = t.vehicle_id
    where {local} >= least(date '{window}', date '{month}') and {local} < date '{month}' + interval 1 month
    group by all
),
e as (
    select k, day, dist, case when day >= date '{window}' then dist else 0 end as w,
        greatest(0, least(100, {intercept} - {slope} * {base} * exp(
            ln({hard_braking}) * least(coalesce(1e5 * hb / nullif(dist, 0) * {km_per_event}, 0), {hard_braking_cap})
            + ln({aggressive_turning})
            * least(coalesce(1e5 * ht / nullif(dist, 0) * {km_per_event}, 0), {aggressive_turning_cap})
            + ln({unsafe_following}) * least(coalesce(1e2 * uf / nullif(secs, 0), 0), {unsafe_following_cap})
            + ln({late_night}) * least(coalesce(1e2 * ln / nullif(dist, 0), 0), {late_night_cap})
            + ln({speeding}) * least(coalesce(1e2 * sp / nullif(secs, 0), 0), {speeding_cap})
            + ln({unbuckled}) * least(coalesce(1e2 * ub / nullif(secs, 0), 0), {unbuckled_cap})))) as score
    from d
)
select k, date '{month}', sum(case when day >= date '{month}' then dist else 0 end) / 1e3,
    round(sum(round(score * w)) / nullif(sum(w), 0), 2)
from e group by k having count(case when day >= date '{month}' then 1 end) > 0;
-- end

-- Contracts: days in force, and the stretches in which each carries its vehicle.
create temp table c as
    select c.contract_id, c.vehicle_id, v.k, c.customer_id, coalesce(c.product, 'unspecified') as product,
        coalesce(c.tier, 'unspecified') as tier, c.effective_date as eff, c.expiry_date as expiry,
        c.cancelled_on, c.annual_premium as prem, c.declared_annual_km, c.vehicle_age_years as told_age, c.channel,
        coalesce(least(c.expiry_date, c.cancelled_on - 1), greatest(c.effective_date, p.valuation_date)) as kept_to,
        least(c.expiry_date, c.cancelled_on - 1, p.valuation_date) as last_day,
        c.expiry_date,
        coalesce(least(c.expiry_date, c.cancelled_on - 1), greatest(c.effective_date, p.valuation_date)) as in_force,
        p.valuation_date as val, p.rating_year_start as ry0, p.rating_year_end as ry1,
        v.make, v.model, v.powertrain, v.region, v.model_year, v.in_service_date,
        row_number() over (order by c.effective_date, c.contract_id)::int as c,
        dense_rank() over (order by c.vehicle_id, c.product)::int as vp
    from read_parquet('{lake}/contracts/*.parquet', union_by_name = true) as c
    left join v on v.vehicle_id = c.vehicle_id, p;
create temp table seg as
with f as (select * from c where last_day >= eff),
crowd as (
    select distinct vehicle_id, product from (
        select vehicle_id, product, eff, max(last_day) over (partition by vehicle_id, product
            order by eff, contract_id rows between unbounded preceding and 1 preceding) as before from f)
    where before >= eff),
edge as (
    select vehicle_id, product, d as a, lead(d) over (partition by vehicle_id, product order by d) as b from (
        select vehicle_id, product, eff as d from f semi join crowd using (vehicle_id, product)
        union select vehicle_id, product, last_day + 1 from f semi join crowd using (vehicle_id, product)))
select c, a, b - 1 as b from edge join f using (vehicle_id, product) where a between eff and last_day
qualify row_number() over (partition by vehicle_id, product, a order by eff desc, contract_id desc) = 1
union all select c, eff, last_day from f anti join crowd using (vehicle_id, product);
create temp table mon as
    select m::date as m, last_day(m)::date as e from (
        select unnest(generate_series(date_trunc('month', (select min(eff) from c where coalesce(cancelled_on > eff, true))),
            date_trunc('month', (select max(valuation_date) from p)), interval 1 month)) as m);
create temp table cm as
    select c, m, sum(least(b, e) - greatest(a, m) + 1)::bigint as days, (e - m + 1)::bigint as mdays
    from seg join mon on a <= e and b >= m group by all;

-- Workshop.
create temp table ord as
    select repair_order_id, vehicle_id, opened_on, visit_type, payer, odometer_km, odometer_replaced, total_amount
    from read_parquet('{lake}/repair_orders/*.parquet', union_by_name = true);
create temp table plan as
    select repair_order_id, vehicle_id, opened_on, visit_type,
        coalesce(l.amount, total_amount, 0)::decimal(18, 2) as amount
    from ord left join (
        select repair_order_id, sum(amount) as amount
        from read_parquet('{lake}/repair_lines/*.parquet', union_by_name = true)
        group by all) as l using (repair_order_id), p
    where payer = 'plan' and opened_on <= valuation_date;
create temp table span as
with r as (
    select vehicle_id, opened_on, max(odometer_km) as km, bool_or(coalesce(odometer_replaced, false)) as repl
    from ord, p where odometer_km is not null and opened_on <= valuation_date group by all),
g as (
    select vehicle_id, lag(opened_on) over w as a, opened_on as b, km - lag(km) over w as km, repl
    from r window w as (partition by vehicle_id order by opened_on))
select v.k, a, b, km, b - a as days from g join v using (vehicle_id)
where a is not null and not repl and km between 0 and 1500 * (b - a);
create temp table mil as
    select k, sum(km) * 365.25 / sum(days) as km from span group by k having sum(days) >= 182;

-- Use while in force.
create temp table cmu as
with conn as (select k, min(m) as a, max(m) as b from drive group by k),
x as (
    select cm.c, cm.m, cm.days, cm.mdays, c.k, c.declared_annual_km, conn.k is not null as con,
        coalesce(drive.km, 0) * days / mdays as tkm, drive.score
    from cm join c using (c) left join conn on conn.k = c.k and cm.m between conn.a and conn.b
    left join drive on drive.k = c.k and drive.m = cm.m),
ro as (
    select x.c, x.m, sum(s.km * 1e0 / s.days * (least(s.b, x.m + x.mdays::int) - greatest(s.a, x.m))) as km,
        sum(least(s.b, x.m + x.mdays::int) - greatest(s.a, x.m)) as days
    from x join span as s on s.k = x.k and s.a < x.m + x.mdays::int and s.b > x.m where not con group by all),
y as (
    select x.*, x.days * coalesce(case when ro.days * 2 >= x.mdays then ro.km / ro.days end, mil.km / 365.25) as okm,
        x.days * declared_annual_km / 365.25e0 as dkm
    from x left join ro using (c, m) left join mil on mil.k = x.k)
select c, m, days, round(case when con then tkm else coalesce(okm, dkm) end)::bigint as km,
    case when con then 'trips' when okm is not null then 'odometer' when dkm is not null then 'declared'
    else 'unknown' end as src,
    case when con then coalesce(score, {start_value}) end as score
from y;

create table marts.vehicle_months as
with a as (
    select m, max(c) as c, count(*) as n, sum(u.days) as days, sum(km) as km, arg_max(src, c) as src,
        arg_max(score, c) as score
    from cmu as u join c using (c) group by vp, m)
select vehicle_id, product, m as month_start, contract_id, tier, customer_id, n as contracts,
    days::bigint as exposure_days, greatest(coalesce(told_age + year(m) - year(eff), year(m) - model_year,
        year(m) - year(in_service_date)), 0)::bigint as vehicle_age_years,
    km::bigint as driven_km, src as driven_km_source, score::double as driving_score
from a join c using (c);

-- Terms, levels, cells.
create temp table t as
with u as (
    select c, sum(days)::bigint as days, round(sum(km) * 365.25 / sum(case when km is not null then days end))::bigint
        as akm, round(sum(round(100 * score) * km) / 1e2
            / nullif(sum(case when score is not null then km end), 0), 2) as score
    from cmu group by c)
select c.c, c.contract_id, c.vehicle_id, c.product, c.tier, c.make, c.model, c.eff, c.last_day, c.expiry_date, c.in_force, c.prem,
    coalesce(told_age, year(eff) - model_year, year(eff) - year(in_service_date)) as known_age,
    coalesce(u.days, 0) as days,
    case when eff > ry1 then 'later' when eff >= ry0 then 'judge' else 'learn' end as period,
    coalesce(make, 'unknown') as l_make, coalesce(make || ' ' || model, model, 'unknown') as l_model,
    coalesce(powertrain, 'unknown') as l_powertrain, coalesce(region, 'unknown') as l_region,
    greatest(coalesce(told_age, year(eff) - model_year, year(eff) - year(in_service_date)), 0) as age,
    coalesce(u.akm, round(mil.km)::bigint, declared_annual_km) as akm, u.score
from c left join u using (c) left join mil on mil.k = c.k;
create temp table lev as
with n as (select c, unnest([('vehicle_age', age::double), ('annual_mileage', akm::double), ('driving_score', score)])
    as x from t)
select n.c, x[1] as factor, case when x[2] is null then 'unknown' else band end as level, band_order as o
from n left join bands on bands.factor = x[1] and x[2] >= lower_bound and (x[2] < upper_bound or upper_bound is null)
union all select c, 'make', l_make, null from t
union all select c, 'model', l_model, null from t
union all select c, 'powertrain', l_powertrain, null from t
union all select c, 'region', l_region, null from t
union all select t.c, f.factor, f.level, f.level_order
from read_parquet('{lake}/contract_factors/*.parquet', union_by_name = true) as f join t using (contract_id);
create temp table cell as select c, md5(array_to_string(list_transform(
        list_sort(list({'o': factor, 't': factor || '=' || level})), lambda x: x.t), '|')) as cell from lev group by c;
create temp table cov as
with listed as (select t.c, cover from read_parquet('{lake}/contract_covers/*.parquet', union_by_name = true)
    join t using (contract_id)),
granted as (
    select t.c, g.cover from t join read_csv('{seeds}/tier_covers.csv') as g using (product, tier)
    where eff between effective_from and effective_to and not exists (from listed where listed.c = t.c))
from listed union all from granted union all
select t.c, k.cover from t, (select distinct cover from read_parquet('{lake}/claims/*.parquet', union_by_name = true)) k
where not exists (from listed where listed.c = t.c) and not exists (from granted where granted.c = t.c);

-- Claims and events.
create temp table mv as
    select * from read_parquet('{lake}/claim_transactions/*.parquet', union_by_name = true);
create temp table allcl as select * from read_parquet('{lake}/claims/*.parquet', union_by_name = true);
create temp table cl as
with k as (select * from allcl, p where coalesce(reported_date, loss_date, valuation_date) <= valuation_date),
a as (
    select claim_id, sum(amount)::decimal(18, 2) as inc,
        coalesce(sum(amount) filter (kind = 'payment'), 0)::decimal(18, 2) as paid,
        coalesce(sum(amount) filter (kind = 'reserve'), 0)::decimal(18, 2) as res,
        coalesce(sum(amount) filter (kind = 'recovery'), 0)::decimal(18, 2) as rec,
        min(transaction_date) filter (kind = 'payment') as first_paid,
        max(transaction_date) filter (kind = 'payment') as last_paid
    from mv, p where transaction_date is null or transaction_date <= valuation_date group by claim_id)
select claim_id, k.contract_id, k.vehicle_id, coalesce(k.cover, 'unknown') as cover, k.loss_date, k.reported_date,
    k.closed_date, k.peril, k.at_fault, first_paid, last_paid, coalesce(inc, 0) as inc, coalesce(paid, 0) as paid,
    coalesce(res, 0) as res, coalesce(rec, 0) as rec
from k full join a using (claim_id);
create temp table ev as
with e as (
    select 'claim' as kind, claim_id as id, contract_id as told, vehicle_id, cover, loss_date as d, reported_date as rep,
        paid, res, rec, inc, at_fault from cl union all
    select 'plan_repair', repair_order_id, null, vehicle_id, 'maintenance', opened_on, opened_on, amount, 0, 0, amount,
        null from plan),
num as (select kind, id, c.c from e join c on e.told = c.contract_id),
day as (
    select kind, id, c.c from e join c on e.vehicle_id = c.vehicle_id and d between eff and last_day
        left join cov on cov.c = c.c and cov.cover = e.cover
    where told is null
    qualify row_number() over (partition by kind, id order by cov.c is null, eff desc, contract_id desc) = 1),
s as (select distinct c from seg)
select e.*, m.c, coalesce(e.d, c.eff) as counted, c.vehicle_id as cv,
    case when m.c is null then 'no_contract' when s.c is null then 'contract_without_days' when e.d > c.val
        then 'after_valuation' when e.d < c.eff then 'before_contract' when e.d > c.kept_to then 'after_contract'
        when cov.c is null then 'cover_not_held' end as why
from e left join (from num union all from day) as m using (kind, id) left join c on c.c = m.c
left join s on s.c = m.c left join cov on cov.c = m.c and cov.cover = e.cover;
create temp table evi as select * from ev where why is null;

-- cost
create table marts.cost_by_vehicle_year as
with x as (
    select c.vehicle_id, y, cover, sum(days) as days
    from (select c, year(m) as y, sum(days) as days from cm group by all) join c using (c) join cov using (c)
    group by all),
k as (
    select cv as vehicle_id, year(counted) as y, cover,
        count(*) filter (inc > 0) as n, sum(paid) as paid, sum(res) as res, sum(rec) as rec, sum(inc) as inc
    from evi group by all)
select coalesce(x.vehicle_id, k.vehicle_id) as vehicle_id, coalesce(x.y, k.y)::bigint as calendar_year,
    coalesce(x.cover, k.cover) as cover, coalesce(days, 0)::bigint as exposure_days, coalesce(n, 0)::bigint as claim_count,
    coalesce(paid, 0)::decimal(18, 2) as paid_amount, coalesce(res, 0)::decimal(18, 2) as reserve_amount,
    coalesce(rec, 0)::decimal(18, 2) as recovered_amount, coalesce(inc, 0)::decimal(18, 2) as incurred_amount
from x full join k on x.vehicle_id = k.vehicle_id and x.y = k.y and x.cover = k.cover;

create table marts.cost_by_factor_level as
with k as (select c, cover, count(*) filter (inc > 0) as n, sum(inc) as inc from evi group by all),
h as (select c, cover, days from cov join t using (c) union all select c, 'all covers', days from t),
x as (select cover, factor, level, sum(days) as days from h join lev using (c) group by all),
o as (select factor, level, max(o) as level_order from lev group by all),
y0 as (
    select cover, factor, level, sum(n) as n, sum(inc) as inc from k join lev using (c) group by all),
y as (from y0 union all select 'all covers', factor, level, sum(n), sum(inc) from y0 group by all),
j as (
    select cover, factor, level, coalesce(days, 0)::bigint as days, coalesce(n, 0)::bigint as n,
        coalesce(inc, 0)::decimal(18, 2) as inc
    from x full join y using (cover, factor, level))
select cover, factor, level, level_order::bigint as level_order, days as exposure_days,
    days / 365.25e0 as exposure_years, n as claim_count, inc as incurred_amount,
    n::double / nullif(days / 365.25e0, 0) as frequency, inc::double / nullif(n::double, 0) as severity,
    inc::double / nullif(days / 365.25e0, 0) as burning_cost,
    days::double / nullif(sum(days) over w, 0)::double as exposure_share,
    inc::double / nullif(sum(inc) over w, 0)::double as incurred_share
from j left join o using (factor, level) window w as (partition by cover, factor);
create table marts.cost_by_vehicle_age as
    select * exclude (factor, level), level as vehicle_age
    from marts.cost_by_factor_level where factor = 'vehicle_age';
create table marts.cost_by_annual_mileage as
    select * exclude (factor, level), level as annual_mileage
    from marts.cost_by_factor_level where factor = 'annual_mileage';
create table marts.cost_by_model as
    select * exclude (factor, level, level_order), level as model
    from marts.cost_by_factor_level where factor = 'model';
create table marts.cost_by_model_age_mileage as
with l as (
    select c, max(level) filter (factor = 'make') as make, max(level) filter (factor = 'model') as model,
        max(level) filter (factor = 'vehicle_age') as vehicle_age,
        max(level) filter (factor = 'annual_mileage') as annual_mileage
    from lev where factor in ('make', 'model', 'vehicle_age', 'annual_mileage') group by c),
k as (select c, count(*) filter (inc > 0) as n, sum(inc) as inc from evi group by c),
r as (
    select 'cell' as row_type, l.make, l.model, vehicle_age, annual_mileage, count(distinct vehicle_id) as vehicles,
        sum(days) as days, coalesce(sum(n), 0) as n, coalesce(sum(inc), 0) as inc
    from t join l using (c) left join k using (c) group by all
    union all
    select 'total', null, null, null, null, (select count(distinct vehicle_id) from t),
        (select coalesce(sum(days), 0) from t), count(*) filter (inc > 0), coalesce(sum(inc), 0) from evi)
select row_type, make, model, vehicle_age, annual_mileage, vehicles::bigint as vehicles, days::bigint as exposure_days,
    (days / 365.25e0)::double as exposure_years, n::bigint as claim_count, inc::decimal(18, 2) as incurred_amount,
    n::double / nullif(days / 365.25e0, 0) as frequency, inc::double / nullif(n::double, 0) as severity,
    inc::double / nullif(days / 365.25e0, 0) as burning_cost,
    days::double / nullif(max(days) filter (row_type = 'total') over (), 0)::double as exposure_share,
    inc::double / nullif(max(inc) filter (row_type = 'total') over (), 0)::double as incurred_share
from r;
create table marts.usage_against_limits as
with l as (
    select t.*, limit_kind, limit_per_year from t join read_csv('{seeds}/tier_limits.csv') using (product, tier)
    where days > 0 and eff between effective_from and effective_to),
u as (
    select l.c, count(*) as used, count(plan.repair_order_id) as paid, sum(plan.amount) as amount
    from l join seg using (c) join ord on ord.vehicle_id = l.vehicle_id and opened_on between a and b
        and ord.visit_type = 'service'
    left join plan using (repair_order_id) group by l.c)
select contract_id, vehicle_id, product, tier, limit_kind, days as exposure_days, limit_per_year as limit_count,
    coalesce(used, 0)::bigint as used_count, coalesce(paid, 0)::bigint as paid_count,
    coalesce(amount, 0)::decimal(18, 2) as paid_amount,
    greatest(coalesce(used, 0) - limit_per_year, 0)::bigint as over_limit_count,
    greatest(coalesce(paid, 0) - limit_per_year, 0)::bigint as paid_over_limit_count
from l left join u using (c);
create temp table pc as
with y as (select c, year(m) as y, sum(days) as days from cm group by all),
a as (
    select product, tier, y, line, sum(days) as days, sum(days * annual_amount::decimal(18, 2)) as amount
    from y join c using (c) join read_csv('{seeds}/tier_cost_stack.csv') using (product, tier)
    where eff between effective_from and effective_to group by all),
b as (
    select product, tier, year(counted) as y, coalesce(line, 'insurance') as line, sum(inc) as inc
    from evi join c on c.c = evi.c left join read_csv('{seeds}/cover_lines.csv') using (cover) group by all)
select coalesce(a.product, b.product) as product, coalesce(a.tier, b.tier) as tier,
    coalesce(a.y, b.y)::bigint as calendar_year, coalesce(a.line, b.line) as line,
    coalesce(days, 0)::bigint as exposure_days,
    share(coalesce(amount, 0), 4, 1461) as planned_amount,
    coalesce(inc, 0)::decimal(18, 2) as actual_amount
from a full join b on a.product = b.product and a.tier = b.tier and a.y = b.y and a.line = b.line;
create table marts.actual_against_plan as
    select *, actual_amount - planned_amount as excess_amount,
        actual_amount::double / nullif(planned_amount::double, 0) as actual_over_planned from pc;
create table marts.cost_against_stack as
with x as (select product, tier, line, sum(exposure_days) as days, sum(planned_amount) as planned,
    sum(actual_amount) as actual from pc group by all)
select product, tier, line, max(days) over (partition by product, tier) / 365.25e0 as exposure_years,
    planned::decimal(18, 2) as planned_amount, actual::decimal(18, 2) as actual_amount,
    planned::double / nullif(max(days) over (partition by product, tier) / 365.25e0, 0) as planned_per_year,
    actual::double / nullif(max(days) over (partition by product, tier) / 365.25e0, 0) as actual_per_year,
    actual::double / nullif(planned::double, 0) as actual_over_planned
from x;
create table marts.risk_share_settlement as
select product, tier, calendar_year, line, planned_amount, actual_amount, actual_amount - planned_amount as excess_amount,
    partner_share::decimal(6, 4) as partner_share,
    share(actual_amount - planned_amount, (partner_share::decimal(6, 4) * 10000)::bigint, 10000) as partner_amount,
    actual_amount - planned_amount
        - share(actual_amount - planned_amount, (partner_share::decimal(6, 4) * 10000)::bigint, 10000) as own_amount
from pc join read_csv('{seeds}/risk_share.csv') using (product, line)
where planned_amount <> 0 and calendar_year between year(effective_from) and year(effective_to);

-- portfolio
create table marts.contracts_by_month as
with s as (
    select *, lag(kept_to) over w as pl, lag(customer_id) over w as pcust, lag(tier) over w as pt,
        lag(expiry) over w as pe, lead(eff) over w as ne
    from c where kept_to >= eff window w as (partition by vehicle_id, product order by eff, contract_id)),
x as (
    select *, case when not coalesce(eff - pl <= 31, false) then 'new' when customer_id <> pcust then 'transferred'
            when eff <= pe and tier <> pt then 'tier_changed' else 'renewed' end as b,
        case when kept_to >= val then 'in_force' when coalesce(ne - kept_to <= 31 and ne <= val, false) then 'succeeded'
            when coalesce(cancelled_on <= expiry, cancelled_on is not null) then 'cancelled' else 'lapsed' end as e from s),
n as (
    select product, tier, date_trunc('month', eff)::date as m, count(*) as b, count(*) filter (b = 'new') as b1,
        count(*) filter (b = 'renewed') as b2, count(*) filter (b = 'tier_changed') as b3,
        count(*) filter (b = 'transferred') as b4 from x where eff <= val group by all),
o as (
    select product, tier, date_trunc('month', kept_to + 1)::date as m, count(*) as e,
        count(*) filter (e = 'succeeded') as e1, count(*) filter (e = 'lapsed') as e2,
        count(*) filter (e = 'cancelled') as e3 from x where eff <= val and kept_to < val group by all),
u as (
    select product, tier, date_trunc('month', eff)::date as m, count(*) as u from c
    where cancelled_on <= eff and eff <= val group by all),
g as (
    select q.product, q.tier, mon.m, coalesce(u, 0) as u, coalesce(b, 0) as b, coalesce(b1, 0) as b1, coalesce(b2, 0) as b2,
        coalesce(b3, 0) as b3, coalesce(b4, 0) as b4, coalesce(o.e, 0) as e, coalesce(e1, 0) as e1,
        coalesce(e2, 0) as e2, coalesce(e3, 0) as e3
    from (select product, tier from x union select product, tier from u) as q cross join mon
    left join n on n.product = q.product and n.tier = q.tier and n.m = mon.m
    left join o on o.product = q.product and o.tier = q.tier and o.m = mon.m
    left join u on u.product = q.product and u.tier = q.tier and u.m = mon.m)
select product, tier, m as month_start,
    (sum(b - e) over (partition by product, tier order by m))::bigint as in_force_count, b as begun_count,
    b1 as new_count, b2 as renewed_count, b3 as tier_changed_count, b4 as transferred_count, e as ended_count,
    e1 as succeeded_count, e2 as lapsed_count, e3 as cancelled_count, u as not_taken_up_count,
    e1::double / nullif(e1 + e2, 0)::double as renewal_rate, e1::double / nullif(e, 0)::double as retention_rate
from g;
create temp table pm as
with a as (
    select *, coalesce(expiry, kept_to) - eff + 1 as term, greatest(kept_to - eff + 1, 0) as kept,
        ((eff + interval 1 year)::date - eff) as yd from c where prem is not null and coalesce(cancelled_on > eff, true)),
b as (
    select *, share(prem, term, yd) as tp, share(prem, kept, yd) as kp from a),
d as (
    select b.*, m, least(e, val) as me, least(greatest(least(e, val) - eff + 1, 0), kept) as de
    from b join mon on eff <= e and eff <= val and greatest(kept_to + 1, eff) >= m),
pat as (
    select product, (elapsed_from * 10000)::bigint as a, (elapsed_to * 10000)::bigint as b,
        (earned_from * 10000)::bigint as g, (earned_to * 10000)::bigint as h
    from read_csv('{seeds}/earning_patterns.csv', types = {'elapsed_from': 'decimal(6, 4)',
        'elapsed_to': 'decimal(6, 4)', 'earned_from': 'decimal(6, 4)', 'earned_to': 'decimal(6, 4)'})),
f as (
    select d.*, coalesce(share(kp, de, kept), 0) as ed,
        coalesce(case when x.product is not null and z.product is not null then share(kp,
            (x.g * term * (x.b - x.a) + (de * 10000 - x.a * term) * (x.h - x.g))::hugeint * (z.b - z.a),
            (z.g * term * (z.b - z.a) + (kept * 10000 - z.a * term) * (z.h - z.g))::hugeint * (x.b - x.a))
        end, share(kp, de, kept), 0) as ep
    from d left join pat as x on x.product = d.product and de * 10000 > x.a * term and de * 10000 <= x.b * term
    left join pat as z on z.product = d.product and kept * 10000 > z.a * term and kept * 10000 <= z.b * term)
select f.c, product, tier, m, case when eff between m and me then tp else 0 end as w,
    case when greatest(cancelled_on, eff) between m and me and cancelled_on is not null then kp - tp else 0 end as r,
    ed - coalesce(lag(ed) over q, 0) as e, ep - coalesce(lag(ep) over q, 0) as ep
from f window q as (partition by c order by m);
create table marts.premium_by_month as
with x as (select product, tier, m, sum(w) as w, sum(r) as r, sum(e) as e, sum(ep) as ep from pm group by all)
select product, tier, m as month_start, w::decimal(18, 2) as written_amount, r::decimal(18, 2) as refunded_amount,
    e::decimal(18, 2) as earned_amount, (sum(w + r - e) over q)::decimal(18, 2) as unearned_amount,
    ep::decimal(18, 2) as earned_by_pattern_amount, (sum(w + r - ep) over q)::decimal(18, 2) as unearned_by_pattern_amount
from x window q as (partition by product, tier order by m);

-- claims
create table marts.claim_movements as
    select mv.transaction_id, mv.claim_id, c.contract_id, c.product, c.tier, coalesce(allcl.cover, 'unknown') as cover,
        allcl.loss_date, allcl.reported_date, date_trunc('quarter', allcl.loss_date)::date as accident_quarter,
        mv.transaction_date, greatest((year(transaction_date) - year(allcl.loss_date)) * 4
            + quarter(transaction_date) - quarter(allcl.loss_date) + 1, 1)::bigint as development_quarter,
        mv.kind, mv.amount, ev.why as outside_reason
    from mv left join allcl using (claim_id) left join ev on ev.kind = 'claim' and ev.id = mv.claim_id
    left join c on c.c = ev.c;
create table marts.claim_triangles as
with cl as (select cl.* from cl join evi on evi.kind = 'claim' and evi.id = cl.claim_id),
q as (
    select unnest(generate_series(date_trunc('quarter', min(loss_date)), max(valuation_date), interval 3 month))::date as q
    from cl, p where loss_date <= valuation_date),
g as (
    select cover, a.q as aq, ((year(b.q) - year(a.q)) * 4 + quarter(b.q) - quarter(a.q) + 1)::bigint as dq, b.q as vq
    from (select distinct cover from cl), q as a join q as b on a.q <= b.q),
m as (
    select cover, accident_quarter as aq, development_quarter as dq, sum(amount) filter (kind = 'payment') as paid,
        sum(amount) filter (kind = 'recovery') as rec, sum(amount) as inc
    from marts.claim_movements, p where outside_reason is null
        and (transaction_date is null or transaction_date <= valuation_date) group by all),
r as (
    select cover, date_trunc('quarter', loss_date)::date as aq,
        greatest((year(coalesce(reported_date, loss_date)) - year(loss_date)) * 4
            + quarter(coalesce(reported_date, loss_date)) - quarter(loss_date) + 1, 1)::bigint as dq, count(*) as n
    from cl group by all),
i as (
    select g.*, coalesce(n, 0) as n, coalesce(paid, 0) as paid, coalesce(rec, 0) as rec, coalesce(inc, 0) as inc
    from g left join m using (cover, aq, dq) left join r using (cover, aq, dq))
select cover, aq as accident_quarter, dq as development_quarter, vq as valuation_quarter,
    (sum(n) over w)::bigint as reported_count, (sum(paid) over w)::decimal(18, 2) as paid_amount,
    (sum(rec) over w)::decimal(18, 2) as recovered_amount, (sum(inc) over w)::decimal(18, 2) as incurred_amount,
    inc::decimal(18, 2) as incurred_increment
from i window w as (partition by cover, aq order by dq)
union all
select coalesce(m.cover, r.cover), null, null, null, coalesce(n, 0), coalesce(paid, 0), coalesce(rec, 0),
    coalesce(inc, 0), coalesce(inc, 0)
from (select cover, sum(paid) as paid, sum(rec) as rec, sum(inc) as inc from m where aq is null or dq is null group by 1) m
full join (select cover, sum(n) as n from r where aq is null or dq is null group by 1) r on m.cover = r.cover;
create table marts.claims_outside_exposure as
with x as (
    select kind as item, cover, why, id, d, paid, res, rec, inc from ev where why is not null
    union all
    select 'contract', 'all covers', case when eff > val then 'not_yet_begun' when last_day < eff then 'not_taken_up'
        else 'overlapped' end, contract_id, eff, 0, 0, 0, 0
    from c where c not in (select c from seg))
select item, cover, why as outside_reason, count(*) as item_count, count(*) filter (inc > 0) as claim_count,
    sum(paid)::decimal(18, 2) as paid_amount, sum(res)::decimal(18, 2) as reserve_amount,
    sum(rec)::decimal(18, 2) as recovered_amount, sum(inc)::decimal(18, 2) as incurred_amount,
    min(d) as first_date, max(d) as last_date, min(id) as example_id
from x group by all;
create table marts.report_lag_by_quarter as
    select cl.cover, date_trunc('quarter', loss_date)::date as accident_quarter, count(*) as reported_count,
        sum(reported_date - loss_date) / count(*)::double as mean_lag_days,
        median(reported_date - loss_date)::double as median_lag_days,
        quantile_cont(reported_date - loss_date, 0.9)::double as ninetieth_lag_days,
        max(reported_date - loss_date)::bigint as longest_lag_days,
        count(*) filter (reported_date - loss_date <= 2) / count(*)::double as within_2_days_share,
        count(*) filter (reported_date - loss_date <= 30) / count(*)::double as within_30_days_share
    from cl join evi on evi.kind = 'claim' and evi.id = cl.claim_id
    where loss_date is not null and reported_date is not null group by all;
create table marts.large_losses as
with th as (select cover, threshold_amount::decimal(18, 2) as t from read_csv('{seeds}/large_loss_thresholds.csv')),
x as (select cl.*, coalesce(th.t, (select t from th where cover = '*')) as t from cl left join th using (cover))
select x.claim_id, c.contract_id, coalesce(x.vehicle_id, ev.vehicle_id) as vehicle_id, x.cover, peril, loss_date,
    reported_date, x.paid as paid_amount, x.res as reserve_amount, x.rec as recovered_amount, x.inc as incurred_amount,
    x.t as threshold_amount, x.inc - x.t as excess_amount,
    ev.why as outside_reason
from x left join ev on ev.kind = 'claim' and ev.id = x.claim_id left join c on c.c = ev.c where x.inc >= x.t;
create table marts.loss_ratio_by_month as
with x as (
    select product, tier, l_make as make, l_model as model, m, sum(e) as e, 0 as n, 0::decimal(18, 2) as inc
    from (select c, m, e from pm) join t using (c) group by all
    union all
    select product, tier, l_make, l_model, date_trunc('month', counted)::date, 0, count(*) filter (inc > 0), sum(inc)
    from evi join t on t.c = evi.c group by all)
select product, tier, make, model, m as month_start, sum(e)::decimal(18, 2) as earned_amount, sum(n)::bigint as claim_count,
    sum(inc)::decimal(18, 2) as incurred_amount, sum(inc)::double / nullif(sum(e)::double, 0) as loss_ratio
from x group by all;
create table marts.claim_cycle_by_month as
with x as (
    select cover, date_trunc('month', reported_date)::date as m, first_paid - reported_date as d,
        coalesce(closed_date, case when res = 0 then last_paid end) - reported_date as z,
        (select hours from read_csv('{seeds}/partner_promises.csv') where promise = 'claim_decision') as h
    from cl where reported_date is not null)
select cover, m as month_start, count(*) as reported_count, count(d) as decided_count, count(z) as closed_count,
    count(*) filter (d * 24 <= h) as within_promise_count,
    count(*) filter (d * 24 <= h) / count(*)::double as within_promise_share,
    median(d)::double as median_decision_days, median(z)::double as median_closing_days
from x group by all;
create table marts.claim_features as
with inc as (
    select vehicle_id, min(eff) as i from c where coalesce(cancelled_on > eff, true)
    group by vehicle_id having min(eff) > (select min(eff) from c where coalesce(cancelled_on > eff, true))),
d as (
    select ev.id as claim_id, c.contract_id, coalesce(ev.vehicle_id, c.vehicle_id) as vehicle_id, cell.cell as cell_id,
        ev.cover, ev.d as loss_date, ev.inc as incurred_amount, ev.at_fault, ev.why
    from ev left join c on c.c = ev.c left join cell on cell.c = ev.c where ev.kind = 'claim'),
r as (
    select l.claim_id, count(*) as n from d as l join d as e on l.vehicle_id = e.vehicle_id
        and l.loss_date - e.loss_date between 0 and 90 and (l.loss_date > e.loss_date or l.claim_id >= e.claim_id)
    group by 1),
w as (
    select *, case when loss_date is not null and vehicle_id is not null then lag(claim_id) over q end as pid,
        case when loss_date is not null and vehicle_id is not null then lag(loss_date) over q end as pd
    from d window q as (partition by vehicle_id order by loss_date nulls last, claim_id))
select claim_id, contract_id, vehicle_id, cell_id, cover, loss_date, incurred_amount, at_fault,
    case when loss_date >= i then loss_date - i end as days_since_inception,
    coalesce(n, 1)::bigint as claims_within_90_days, pid as previous_claim_id, loss_date - pd as days_since_previous,
    why as outside_reason
from w left join inc using (vehicle_id) left join r using (claim_id);

-- rating
create table marts.contract_experience as
with k as (
    select c, cover, count(*) as n0, count(*) filter (inc > 0) as n, sum(inc) filter (inc > 0) as g,
        sum(inc) filter (inc < 0) as r
    from evi group by all)
select t.contract_id, cov.cover, t.vehicle_id, cell.cell as cell_id, t.product, t.tier, t.eff as effective_date, t.last_day,
    t.expiry_date, t.in_force as last_day_in_force, t.akm as annual_km, t.period, t.prem as annual_premium, t.days as exposure_days,
    t.days / 365.25e0 as exposure_years, coalesce(n0, 0)::bigint as reported_count,
    coalesce(n, 0)::bigint as claim_count,
    coalesce(g, 0)::decimal(18, 2) as gross_amount, coalesce(r, 0)::decimal(18, 2) as recovery_amount
from cov join t using (c) join cell using (c) left join k on k.c = cov.c and k.cover = cov.cover where t.days > 0;
create table marts.rating_cells as
    select cover, cell_id, count(*) as contracts, sum(exposure_days) / 365.25e0 as exposure_years,
        sum(claim_count)::bigint as claim_count, sum(gross_amount)::decimal(18, 2) as gross_amount,
        sum(recovery_amount)::decimal(18, 2) as recovery_amount
    from marts.contract_experience where period = 'learn' group by all;
create table marts.cover_experience as
select cover, p as period, count(*) as contracts, sum(exposure_days)::bigint as exposure_days,
    sum(exposure_days) / 365.25e0 as exposure_years, sum(reported_count)::bigint as reported_count,
    sum(claim_count)::bigint as claim_count, sum(gross_amount)::decimal(18, 2) as gross_amount,
    sum(recovery_amount)::decimal(18, 2) as recovery_amount,
    sum(gross_amount + recovery_amount)::decimal(18, 2) as incurred_amount,
    sum(claim_count) / (sum(exposure_days) / 365.25e0) as frequency,
    sum(gross_amount)::double / (sum(exposure_days) / 365.25e0) as gross_cost_per_year,
    sum(gross_amount + recovery_amount)::double / (sum(exposure_days) / 365.25e0) as burning_cost
from (select *, unnest([period, 'all']) as p from marts.contract_experience) group by cover, p;
create table marts.rating_cell_levels as
    select distinct cell as cell_id, factor, level, o::bigint as level_order from cell join lev using (c);
create table marts.renewals as
with d as (
    select c, expiry, kept_to, eff, ry0, ry1, channel, expiry + 1 as day,
        min(eff) over (partition by vehicle_id, product, coalesce(customer_id, 'unknown')) as since,
        row_number() over (partition by vehicle_id, product order by expiry desc, eff desc, contract_id desc) as n
    from c where expiry is not null and eff < ry0 and coalesce(cancelled_on > eff, true)),
a as (
    select t.*, d.*, case when known_age < 0 then 0 else known_age end + year(day) - year(d.eff) as aged
    from d join t using (c) where n = 1 and kept_to = expiry and day >= ry0 and expiry < ry1)
select contract_id, vehicle_id, product, tier, cell as cell_id, channel, day as renewal_date,
    since as customer_since, date_sub('year', since, day) as tenure_years,
    case when aged is null then 'unknown' else band end as vehicle_age, prem as annual_premium
from a join cell using (c) left join bands on factor = 'vehicle_age' and aged >= lower_bound
    and (aged < upper_bound or upper_bound is null) and ry0 between effective_from and effective_to;
