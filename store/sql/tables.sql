-- The append-only tables. What happened is written here once; everything else can be folded from it again.

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

-- One row per event that was read from an answer and offered again by later ones that said the same: how often, when last.
create table if not exists read_again (
    event_id uuid primary key,
    read_count integer not null,                           -- after the reading that made the event
    snapshot_id uuid not null,                             -- the answer that said it last
    read_at timestamptz not null,
);

-- What people asked for. The dashboard inserts id and body, nothing else. The worker alone rewords a body that
-- carries a customer's text, when it takes it up: the text moves to `personal`.
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
    edits varchar,                                         -- JSON: what people changed, each with before and after
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
    size_bucket integer,                                   -- 1 to 24, of its size range; null: BlueCherry did not say
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
    tells_open_orders boolean,                             -- of its SKU; null: as its batch said of all
);

-- Every quantity we sent, with the numbers that made it: "why did we list 7?"
create table if not exists published_rows (
    push_id uuid not null,
    sku varchar not null,
    sku_key varchar not null,
    batch_id varchar not null,
    quantity bigint not null,                              -- sent
    before_quantity bigint,                                -- what may have stood there, at most
    supply bigint not null,                                -- sum of net over the allowed warehouses, less scheduled
    inflight bigint not null,                              -- sold, not yet inside the batch
    base bigint not null,                                  -- supply less in flight, not below zero
    buffer bigint not null,
    buffer_rule varchar not null,                          -- which candidate won: percent, absolute, risk, none
    reason varchar not null,                               -- what made it this number, in words
    inflight_orders varchar not null,                      -- order ids, comma separated
    sent_at timestamptz not null,
    -- null: sent before these were kept
    on_hand bigint,                                        -- summed over the allowed warehouses, as the batch had it
    linked bigint,
    allocated bigint,
    picked bigint,
    damaged bigint,
    held bigint,
    net_by_warehouse varchar,                              -- what each warehouse had left, e.g. WH1 15, WH3 -2
    percent_units bigint,                                  -- the buffer's candidates
    absolute_units bigint,
    risk_units bigint,
    minimum bigint,                                        -- below it nothing is listed
    maximum bigint,                                        -- null: no cap
    multiple bigint,                                       -- whole packs of so many
    policy varchar,                                        -- which buffer policies had a say, the most specific first
    degraded varchar,                                      -- how cautious the batch's age made us: empty, aged or overaged
    waiting_units bigint,                                  -- allowed by the formula, but waits for a new batch or fresh orders
    is_thin boolean,                                       -- not listed, for so few units of so old a batch
    scheduled bigint,                                      -- leaves on scheduled orders before the next batch lands
);

-- SKUs the marketplace showed otherwise than expected, and the first reading after that they were right again.
create table if not exists comparison_rows (
    read_id uuid not null,
    sku varchar not null,
    push_id uuid not null,                                 -- the sending that should stand there
    applied_quantity bigint not null,                      -- what it set
    ordered_quantity bigint not null,                      -- sold since, at most
    restored_quantity bigint not null,                     -- put back, as far as cancelled sales explain it
    expected_quantity bigint not null,                     -- applied less ordered plus restored
    least_quantity bigint not null,                        -- what may stand there at least and at most:
    most_quantity bigint not null,                         -- a sale near the sending may be in or out
    shown_quantity bigint not null,
    before_shown_quantity bigint,                          -- at the reading before, if that differed too
    read_count bigint not null,                            -- readings in a row that differ; 0: as expected
    applied_at timestamptz not null,
    before_seen_at timestamptz,
    first_seen_at timestamptz not null,                    -- the first of those readings
    seen_at timestamptz not null,
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

-- What sells each offer and what else draws on its pool; what hardly moved is not stored again.
create table if not exists demand_rows (
    read_id uuid not null,
    sku varchar not null,
    own_units bigint not null,                             -- ordered at this channel
    own_sales bigint not null,                             -- in so many order lines
    own_hours double not null,                             -- in which there was something to sell
    own_rate double not null,                              -- sales in a typical hour, drawn towards the category
    own_low_rate double not null,                          -- nine times in ten the true rate lies between
    own_high_rate double not null,
    own_certainty double not null,                         -- sales the rate is worth
    own_size double not null,                              -- units of a sale, on average
    own_square double not null,                            -- the mean of their square
    other_units bigint not null,                           -- falls of the pool not explained by our own sales
    other_sales bigint not null,
    other_hours double not null,
    other_rate double not null,
    other_low_rate double not null,
    other_high_rate double not null,
    other_certainty double not null,
    other_size double not null,
    other_square double not null,
    withdrawal_count bigint not null,                      -- falls far beyond the rate: not in it
    withdrawn_units bigint not null,
    measured_at timestamptz not null,
);

-- How likely an offer is sold more often than it is there, before the next batch can say so.
create table if not exists stock_risk_rows (
    read_id uuid not null,
    sku varchar not null,
    buffer_rule varchar not null,                          -- what won
    advised_rule varchar not null,                         -- the rule of risk that advises
    base bigint not null,                                  -- supply less in flight; below zero: sold and not there
    quantity bigint not null,                              -- listed
    buffer bigint not null,                                -- base less listed
    advised_buffer bigint not null,
    own_mean double not null,                              -- units this channel may still want before the window ends
    other_mean double not null,                            -- units drawn elsewhere in the whole window
    oversell_chance double not null,
    own_chance double not null,                            -- of it, what would not happen were nothing listed here
    worst_chance double not null,                          -- if all that is listed were sold
    stock_out_chance double not null,
    oversold_units double not null,                        -- expected, owed to our listing
    lost_units double not null,                            -- expected wish of this channel beyond what is listed
    buffer_cover double,                                   -- held back / other demand; null: nothing else draws
    window_cover double,                                   -- base / all demand
    cost_amount decimal(18, 6) not null,                   -- expected, of overselling in this window
    margin_amount decimal(18, 6),                          -- of one unit; null: price or cost unknown
    is_at_risk boolean not null,
    assessed_at timestamptz not null,
);

-- What another buffer and another batch interval would come to. One row per offer and interval.
create table if not exists risk_grid_rows (
    read_id uuid not null,
    sku varchar not null,
    interval_hours double not null,                        -- from one batch to the next; 0: the window as it is
    base bigint not null,
    buffers bigint[] not null,
    oversell_chances double[] not null,
    oversold_units double[] not null,
    lost_units double[] not null,
    cost_amounts decimal(18, 6)[] not null,                -- of overselling
    lost_amounts decimal(18, 6)[],                         -- margin of what cannot be sold; null: margin unknown
    assessed_at timestamptz not null,
);

-- What a previewed buffer policy would change, by offer; the largest changes only. Expected figures are of a week.
create table if not exists policy_preview_rows (
    read_id uuid not null,                                 -- the preview
    sku varchar not null,
    base bigint not null,
    before_quantity bigint not null,                       -- to be listed without it
    after_quantity bigint not null,
    before_oversells double not null,
    after_oversells double not null,
    before_lost_units double not null,                     -- sales missed for what is held back
    after_lost_units double not null,
    before_cost_amount decimal(18, 6) not null,            -- of overselling, and the margin of missed sales
    after_cost_amount decimal(18, 6) not null,
    previewed_at timestamptz not null,
);
