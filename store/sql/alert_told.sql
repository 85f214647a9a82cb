-- One row per route and cause it was told of, as far as the message was not surely lost. What does a route know?
create or replace view alert_told as
select
    told.route, told.cause_kind, told.cause, told.rank, told.stage, told.count, told.near, told.alert_id,
    told.told_at, told.cleared_at,
from alert_cause_facts as told
-- one whose end we never saw may have arrived: it is not sent again
where not exists (
    from alert_end_facts as ended where ended.alert_id = told.alert_id and ended.state = 'failed'
);
