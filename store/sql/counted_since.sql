-- One row. From which London day on is every day's orders to be counted: the first counted, or the one we began on?
create or replace view counted_since as
select
    least(
        (select min(day) from order_count_facts),
        -- nobody counts before the first run, nor before the moment from which the orders are ours
        timezone('Europe/London', greatest(
            (select min(started_at) from run_facts),
            (select max(value)::timestamptz from bookmarks where name = 'start_on')
        ))::date
    ) as day;
