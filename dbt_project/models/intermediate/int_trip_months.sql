{{ config(materialized='by_month', meta={'source': 'trips', 'rules': 'int_driving_score_rules'}) }}

-- One row per vehicle and month with trips: how far and how it was driven, and the driving score of the
-- thirty days that end with the month. Days, months and night hours are those of the client's zone, by the
-- offset in force at each moment; the lake keeps trips by local month. Built month by month: see
-- macros/portable/by_month.sql.
--
-- Distances are added up in whole metres and times in whole seconds: such sums are the same in whatever
-- order an engine adds them. Rules are read as scalars: joined, they would be taken for the larger side.
-- What no other model reads is not added up here: a sum of all trips costs up to a second.

with

rules as (
    select * from {{ ref('int_driving_score_rules') }}
),

-- Thirty days hold no day of the month twice: its number tells them apart, and is the cheaper key.
days as (
    select
        numbers.vehicle_number,
        day({{ local_time('trips.started_at') }}) as day_of_month,
        sum(round(trips.distance_km * 1000)) as distance_m,
        sum({{ seconds_between('trips.started_at', 'trips.ended_at') }}) as driving_s,
        sum(cast(trips.harsh_brakes as double)) as harsh_brakes,
        sum(cast(trips.harsh_turns as double)) as harsh_turns,
        sum(cast(trips.speeding_s as double)) as speeding_s,
        sum(cast(trips.unbelted_s as double)) as unbelted_s,
        sum(cast(trips.close_following_s as double)) as close_following_s,
        sum(
            case
                when trips.night_km > 0
                    then round(
                        1000 * trips.night_km * case
                        hour({{ local_time('trips.started_at') }})
                            when 0 then (select rules.night_hour_0 from rules)
                            when 1 then (select rules.night_hour_1 from rules)
                            when 2 then (select rules.night_hour_2 from rules)
                            when 3 then (select rules.night_hour_3 from rules)
                            -- What began in the evening reached the night at eleven.
                            else (select rules.night_hour_23 from rules)
                        end
                    )
            end
        ) as weighted_night_m
    from {{ ref('stg_trips') }} as trips
    inner join {{ ref('int_vehicle_numbers') }} as numbers on trips.vehicle_id = numbers.vehicle_id
    where
        {{ local_time('trips.started_at') }}
        >= cast(least({{ first_of_window() }}, {{ first_of_month() }}) as timestamp)
        and {{ local_time('trips.started_at') }}
        < cast({{ first_of_month() }} as timestamp) + interval 1 month
    group by numbers.vehicle_number, day({{ local_time('trips.started_at') }})
),

-- Shares in per cent, as the formula counts them: of the distance, of the time driven.
shares as (
    select
        *,
        1e5 * harsh_brakes / nullif(distance_m, 0) as brakes_per_100_km,
        1e5 * harsh_turns / nullif(distance_m, 0) as turns_per_100_km,
        1e2 * weighted_night_m / nullif(distance_m, 0) as late_night_share,
        1e2 * close_following_s / nullif(driving_s, 0) as unsafe_following_share,
        1e2 * speeding_s / nullif(driving_s, 0) as speeding_share,
        1e2 * unbelted_s / nullif(driving_s, 0) as unbuckled_share,
        case
            when
                {{ first_of_window() }} < {{ first_of_month() }}
                or day_of_month >= day({{ first_of_window() }})
                then distance_m
            else 0e0
        end as scored_m,
        case
            when
                {{ first_of_window() }} >= {{ first_of_month() }}
                or day_of_month < day({{ first_of_window() }})
                then 1e0
            else 0e0
        end as of_month
    from days
),

scores as (
    select
        *,
        {{ driving_score({
            'hard_braking': 'brakes_per_100_km * (select rules.km_per_event from rules)',
            'aggressive_turning': 'turns_per_100_km * (select rules.km_per_event from rules)',
            'unsafe_following': 'unsafe_following_share',
            'late_night': 'late_night_share',
            'speeding': 'speeding_share',
            'unbuckled': 'unbuckled_share',
        }) }} as day_score
    from shares
),

months as (
    select
        vehicle_number,
        sum(of_month) as driving_days,
        sum(of_month * distance_m) as distance_m,
        sum(scored_m) as scored_m,
        sum(round(day_score * scored_m)) as score_m
    from scores
    group by vehicle_number
),

final as (
    select
        numbers.vehicle_id,
        cast(months.driving_days as bigint) as driving_days,
        months.distance_m / 1e3 as distance_km,
        months.scored_m / 1e3 as scored_km,
        round(months.score_m / nullif(months.scored_m, 0), 2) as driving_score,
        {{ built_from() }} as built_from,
        {{ first_of_month() }} as month_start
    from months
    inner join {{ ref('int_vehicle_numbers') }} as numbers on months.vehicle_number = numbers.vehicle_number
    where months.driving_days > 0
)

select * from final
