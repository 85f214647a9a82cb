-- One row per status code of BlueCherry's that is mapped on this day. What does it mean?
create or replace macro status_words(as_of) as table
select key as raw_status, value as status
from mappings(as_of)
where mapping = 'order_status' and state = 'in_force';
