-- The tables as the first step left them, kept as they were: an old store is brought to the present from here.

create table if not exists schema_steps (
    number integer primary key,                            -- the step's number; the highest is the schema's
    name varchar not null,                                 -- the step's file name
    applied_at timestamptz not null default now(),
);

-- One row per answer of an outside system: evidence. The body stands in `bodies`, once per content.
create table if not exists snapshots (
    snapshot_id uuid not null,                             -- named by the event that says what it meant
    source varchar not null,                               -- marketplace or erp
    resource varchar not null,                             -- the operation, e.g. OR11
    method varchar not null,
    path varchar not null,                                 -- with query, without host
    status integer not null,                               -- 0: no answer came
    latency_ms integer not null,
    run_id uuid,                                           -- the run that asked
    request_hash varchar not null,                         -- of the body we sent; empty: none
    content_hash varchar not null,                         -- of the body that came; empty: none
    seen_at timestamptz not null,
);

-- One row per distinct content, compressed; personal data was replaced by references before hashing.
create table if not exists bodies (
    content_hash varchar primary key,
    body blob,                                             -- zlib; null once purged
    size_bytes bigint not null,                            -- before compression
    seen_at timestamptz not null,                          -- first seen
    purged_at timestamptz,
);

-- One row per thing that happened.
create table if not exists events (
    event_id uuid primary key,                             -- UUIDv5 of shop and natural key: appending twice changes nothing
    seq bigint not null,                                   -- local order of recording; never a reference
    kind varchar not null,                                 -- subject.past_tense
    subject varchar not null,                              -- the thing it happened to
    order_id varchar not null,                             -- the order it belongs to; empty: none
    actor varchar not null,                                -- worker, or the person
    run_id uuid,
    snapshot_id uuid,                                      -- the words it was read from
    body varchar not null,                                 -- JSON, members as in store.events
    happened_at timestamptz not null,                      -- theirs
    recorded_at timestamptz not null,                      -- ours
);

-- What people asked for. The dashboard inserts id and body, nothing else; never updated.
create table if not exists commands (
    id uuid primary key,
    body varchar not null,                                 -- JSON of store.commands.Request
    received_at timestamptz not null default now(),        -- wall time
);

-- How far each flow has read.
create table if not exists bookmarks (
    name varchar primary key,
    value varchar not null,
    moved_at timestamptz not null,
);

-- The one table with personal data, keyed by order; purged after a configured age.
create table if not exists personal (
    order_id varchar primary key,
    body varchar not null,                                 -- JSON: ship_to, bill_to, email
    placed_at timestamptz not null,                        -- of the order: the purge goes by it
    recorded_at timestamptz not null,
);

-- That the worker lives, and what it is doing. One row.
create table if not exists heartbeat (
    id integer primary key,                                -- always 1
    worker_pid integer not null,
    doing varchar not null,                                -- flows running now, with what they have done so far
    domain_at timestamptz not null,                        -- by the business clock: the screens' as_of
    wall_at timestamptz not null,                          -- by the machine's: judges staleness
);

-- Bulk series: typed, append-only, an unchanged row is not stored again. Rows count only once an event names their read.

create table if not exists sku_rows (
    read_id uuid not null,
    sku_key varchar not null,                              -- DIVISION|STYLE|COLOUR|LABEL|DIMENSION|SIZE
    sku varchar not null,                                  -- the marketplace's shop_sku, by the configured template
    division varchar not null,
    style varchar not null,
    color_code varchar not null,
    label varchar not null,
    dimension varchar not null,
    size varchar not null,
    style_name varchar not null,
    color_name varchar not null,
    upc varchar not null,
    ean varchar not null,
    season varchar not null,
    category varchar not null,
    is_active boolean not null,
    is_listed boolean not null,                            -- carries the channel's catalogue destination
    is_gone boolean not null,                              -- was not in a full read any more
    multiple integer not null,
    cost_amount decimal(18, 6),
    price_amount decimal(18, 6),
    problem varchar not null,                              -- what makes it unfit to sell; empty: nothing
    seen_at timestamptz not null,
);

create table if not exists offer_rows (
    read_id uuid not null,
    sku varchar not null,
    offer_id varchar not null,
    product_id varchar not null,
    title varchar not null,
    quantity bigint not null,
    price_amount decimal(18, 6),
    is_active boolean not null,
    is_gone boolean not null,
    inactivity_reasons varchar not null,
    seen_at timestamptz not null,
);

create table if not exists stock_rows (
    read_id uuid not null,
    batch_id varchar not null,
    sku_key varchar not null,
    location varchar not null,
    on_hand bigint not null,
    linked bigint not null,
    allocated bigint not null,                             -- open orders due, reserved and demand
    later_orders bigint not null,                          -- open orders due beyond the horizon: shown, not deducted
    picked bigint not null,
    work_orders bigint not null,                           -- shown, never sold
    in_transit bigint not null,                            -- shown, never sold
    damaged bigint not null,
    held bigint not null,
    as_of timestamptz not null,
);

-- Every quantity we sent, with the numbers that made it: "why did we list 7?"
create table if not exists published_rows (
    push_id uuid not null,
    sku varchar not null,
    sku_key varchar not null,
    batch_id varchar not null,
    quantity bigint not null,                              -- sent
    before_quantity bigint,                                -- sent last time
    supply bigint not null,                                -- sum of net over the allowed warehouses
    inflight bigint not null,                              -- sold, not yet inside the batch
    base bigint not null,                                  -- supply less in flight, not below zero
    buffer bigint not null,
    buffer_rule varchar not null,                          -- which candidate won: percent, absolute, none
    reason varchar not null,                               -- what made it this number, in words
    inflight_orders varchar not null,                      -- order ids, comma separated
    sent_at timestamptz not null,
);

create table if not exists transaction_rows (
    read_id uuid not null,
    transaction_id varchar not null,
    type varchar not null,
    payment_state varchar not null,
    cycle_id varchar not null,
    document_number varchar not null,
    order_id varchar not null,
    order_line_id varchar not null,
    refund_id varchar not null,
    currency varchar not null,
    amount decimal(18, 6) not null,                        -- signed from our side
    balance_amount decimal(18, 6),
    tax_rate decimal(18, 6),
    created_at timestamptz not null,
    updated_at timestamptz not null,
);
