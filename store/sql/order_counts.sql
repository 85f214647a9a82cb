-- One row per London day whose orders were counted. Does John Lewis have as many as we have, and which differ?
create or replace view order_counts as
select
    day,
    is_closed,
    there_count = here_count and len(missing) + len(unreadable) + len(vanished) + len(outdated) = 0 as agrees,
    there_count,
    here_count,
    more_count,
    missing,
    unreadable,
    vanished,
    outdated,
    from_at,
    until_at,
    happened_at as counted_at,
from order_count_facts;
