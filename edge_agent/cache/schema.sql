-- What the core said, by generation: a snapshot fills a new one while readers keep the old. Quantities are micro-units, times milliseconds.
-- step 1: feed position, levels, orders, tills, SKUs, grants

CREATE TABLE feed (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    feed_id  TEXT NOT NULL,
    revision INTEGER NOT NULL,
    heard_ms INTEGER NOT NULL,
    visible  INTEGER NOT NULL,
    staging  INTEGER,
    complete INTEGER NOT NULL
);
INSERT INTO feed (id, feed_id, revision, heard_ms, visible, staging, complete) VALUES (1, '', 0, 0, 1, NULL, 0);

CREATE TABLE cached_level (
    generation   INTEGER NOT NULL,
    sku          TEXT NOT NULL,
    on_hand      INTEGER NOT NULL,
    store_rights INTEGER NOT NULL,
    core_rights  INTEGER NOT NULL,
    reserved     INTEGER NOT NULL,
    epoch        BLOB NOT NULL,
    sequence     INTEGER NOT NULL,
    PRIMARY KEY (generation, sku)
) WITHOUT ROWID;

CREATE TABLE cached_order (
    generation      INTEGER NOT NULL,
    order_id        TEXT NOT NULL,
    status          TEXT NOT NULL,
    receipt_id      TEXT NOT NULL,
    updated_ms      INTEGER NOT NULL,
    location        TEXT NOT NULL,
    tracking_number TEXT NOT NULL,
    sentence        TEXT NOT NULL,
    PRIMARY KEY (generation, order_id)
) WITHOUT ROWID;

CREATE TABLE cached_till (
    generation     INTEGER NOT NULL,
    till           TEXT NOT NULL,
    dialect        TEXT NOT NULL,
    api_key_hashes TEXT NOT NULL,
    webhook_secret TEXT NOT NULL,
    webhook_url    TEXT NOT NULL,
    retired        INTEGER NOT NULL,
    currency       TEXT NOT NULL,
    time_zone      TEXT NOT NULL,
    closing_time   TEXT NOT NULL,
    PRIMARY KEY (generation, till)
) WITHOUT ROWID;

CREATE TABLE cached_sku (
    generation INTEGER NOT NULL,
    sku        TEXT NOT NULL,
    name       TEXT NOT NULL,
    gtins      TEXT NOT NULL,
    aliases    TEXT NOT NULL,
    retired    INTEGER NOT NULL,
    PRIMARY KEY (generation, sku)
) WITHOUT ROWID;

-- What tills may call a SKU; `rank` 0 is the SKU itself, 1 a GTIN padded to 14 digits, 2 an alias.
CREATE TABLE sku_name (
    generation INTEGER NOT NULL,
    name       TEXT NOT NULL,
    rank       INTEGER NOT NULL,
    sku        TEXT NOT NULL,
    PRIMARY KEY (generation, name, rank, sku)
) WITHOUT ROWID;
CREATE INDEX sku_name_of ON sku_name (generation, sku);

CREATE TABLE cached_grant (
    generation  INTEGER NOT NULL,
    transfer_id TEXT NOT NULL,
    sku         TEXT NOT NULL,
    quantity    INTEGER NOT NULL,
    settled     INTEGER NOT NULL,
    PRIMARY KEY (generation, transfer_id)
) WITHOUT ROWID;
