-- The journal's tables. Steps are only ever added; each runs once, in one transaction.
-- Times are integers: `_us` microseconds (the chain covers them exactly), `_ms` milliseconds, since 1970 UTC.
-- step 1: epochs, entries, their keys and own movements

-- One row an epoch, in the order of their opening; the last is the present one. `edge` is the last sequence that retention deleted.
CREATE TABLE epoch (
    number           INTEGER PRIMARY KEY,
    id               BLOB NOT NULL UNIQUE,
    forked_from      BLOB NOT NULL,
    sentence         TEXT NOT NULL,
    opened_ms        INTEGER NOT NULL,
    last_sequence    INTEGER NOT NULL,
    last_chain       BLOB NOT NULL,
    settled_sequence INTEGER NOT NULL,
    settled_chain    BLOB NOT NULL,
    edge_sequence    INTEGER NOT NULL,
    edge_chain       BLOB NOT NULL,
    kept_bytes       INTEGER NOT NULL
);

-- An entry keeps its `id` when a fork gives it a new place; what hangs on it follows.
CREATE TABLE entry (
    id                  INTEGER PRIMARY KEY,
    epoch               INTEGER NOT NULL REFERENCES epoch (number),
    sequence            INTEGER NOT NULL,
    kind                TEXT NOT NULL,
    transport           TEXT NOT NULL,
    dialect             TEXT NOT NULL,
    dialect_version     TEXT NOT NULL,
    till                TEXT NOT NULL,
    received_us         INTEGER NOT NULL,
    receipt_id          TEXT NOT NULL,
    key_kind            TEXT,
    key_source          TEXT,
    key_reference       TEXT,
    key_revision        INTEGER,
    fingerprint         BLOB,
    fingerprint_version INTEGER,
    reason              TEXT NOT NULL,
    sentence            TEXT NOT NULL,
    traceparent         TEXT NOT NULL,
    raw_sha256          BLOB NOT NULL,
    chain               BLOB NOT NULL,
    raw                 BLOB NOT NULL,
    UNIQUE (epoch, sequence)
);
CREATE INDEX entry_receipt ON entry (receipt_id) WHERE receipt_id <> '';
CREATE UNIQUE INDEX entry_key ON entry (key_reference, key_source, key_kind, key_revision, fingerprint_version)
    WHERE key_reference IS NOT NULL;

-- Places that an entry had before, in the order of leaving them: in an epoch of this journal, or of the box that it was imported from.
CREATE TABLE former_place (
    id       INTEGER PRIMARY KEY,
    epoch_id BLOB NOT NULL,
    sequence INTEGER NOT NULL,
    entry    INTEGER NOT NULL REFERENCES entry (id) ON DELETE CASCADE,
    UNIQUE (epoch_id, sequence)
);
CREATE INDEX former_place_entry ON former_place (entry);

-- A till's Idempotency-Key and the request that it stood for; of the agent itself: transfer ids.
CREATE TABLE repeat_key (
    till   TEXT NOT NULL,
    name   TEXT NOT NULL,
    digest BLOB NOT NULL,
    entry  INTEGER NOT NULL REFERENCES entry (id) ON DELETE CASCADE,
    PRIMARY KEY (till, name)
) WITHOUT ROWID;
CREATE INDEX repeat_key_entry ON repeat_key (entry);

-- What entries did to the store's own stock, in micro-units; (epoch, sequence) repeat the entry's place for the index.
CREATE TABLE own_movement (
    sku         TEXT NOT NULL,
    epoch       INTEGER NOT NULL,
    sequence    INTEGER NOT NULL,
    rights_only INTEGER NOT NULL,
    quantity    INTEGER NOT NULL,
    entry       INTEGER NOT NULL REFERENCES entry (id) ON DELETE CASCADE,
    PRIMARY KEY (sku, epoch, sequence, rights_only)
) WITHOUT ROWID;
CREATE INDEX own_movement_entry ON own_movement (entry);

-- The core's answers. An entry is settled when its epoch's settled_sequence has reached it; `outcome` is NULL while only that is known.
CREATE TABLE verdict (
    entry      INTEGER PRIMARY KEY REFERENCES entry (id) ON DELETE CASCADE,
    settled_ms INTEGER NOT NULL,
    outcome    TEXT,
    reason     TEXT NOT NULL,
    sentence   TEXT NOT NULL,
    record_id  TEXT NOT NULL,
    order_ids  TEXT NOT NULL
);

-- Entries that no longer read as they were written: kept as they are, out of the chain's way.
CREATE TABLE quarantine (
    id             INTEGER PRIMARY KEY,
    epoch          INTEGER NOT NULL,
    sequence       INTEGER NOT NULL,
    quarantined_ms INTEGER NOT NULL,
    settled        INTEGER NOT NULL,
    till           TEXT NOT NULL,
    receipt_id     TEXT NOT NULL,
    sentence       TEXT NOT NULL,
    raw            BLOB NOT NULL
);

-- Sequences that the journal no longer has, other than by retention; `chain` is the hash at the last of them.
CREATE TABLE gap (
    epoch          INTEGER NOT NULL,
    last_sequence  INTEGER NOT NULL,
    first_sequence INTEGER NOT NULL,
    chain          BLOB NOT NULL,
    sentence       TEXT NOT NULL,
    PRIMARY KEY (epoch, last_sequence)
) WITHOUT ROWID;
