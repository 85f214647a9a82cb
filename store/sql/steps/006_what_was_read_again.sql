-- That a record was read again and said the same is kept from now on.
create table if not exists read_again (
    event_id uuid primary key,
    read_count integer not null,
    snapshot_id uuid not null,
    read_at timestamptz not null,
);
