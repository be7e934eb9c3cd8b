"""The tables of the ledger database.

`record` is the truth, with `request` (answers given, each under the number of its decision's record), `quarantine`
(outcomes that wait for their decision), `reject` (what was refused), `import` (how far each file was read), and what
erasure leaves: `erasure` (when, and when every file was swept), `tombstone` (tokens by which what was erased is known
again), `erasure_key`. The other tables are projections: functions of the records, rebuilt by `features.rebuild`.

Projections hang on an *identifier* (`node`), not on a customer: when two customers become one, only the label
`identifier.customer_id` changes and everything else follows. Contacts lie by their identifier and in order of time, so
that those of a customer that still count are read together, however many there were before; whoever comes from a
decision finds them by the node and the moment of its record.
"""

VERSION = 6
EARLIER = range(2, VERSION)
"""The versions that `features.ledger_upgrade` brings up to this one."""

TABLES = """
CREATE TABLE record (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    record_id TEXT NOT NULL,
    node INTEGER,
    occurred_us INTEGER NOT NULL,
    received_us INTEGER NOT NULL,
    known_us INTEGER NOT NULL,
    source TEXT NOT NULL,
    body BLOB NOT NULL,
    UNIQUE (kind, record_id)
);
CREATE INDEX record_node ON record (node);
CREATE INDEX record_no_event ON record (seq) WHERE kind <> 'event';
CREATE TABLE request (
    seq INTEGER PRIMARY KEY,
    request_id TEXT NOT NULL UNIQUE,
    decision_id TEXT NOT NULL,
    body_hash TEXT NOT NULL,
    answer BLOB NOT NULL
);
CREATE TABLE quarantine (
    outcome_id TEXT PRIMARY KEY,
    decision_id TEXT NOT NULL,
    received_us INTEGER NOT NULL,
    backfill INTEGER NOT NULL,
    body BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX quarantine_decision ON quarantine (decision_id);
CREATE TABLE reject (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    place INTEGER NOT NULL,
    code TEXT NOT NULL,
    field TEXT NOT NULL,
    message TEXT NOT NULL,
    raw BLOB NOT NULL,
    received_us INTEGER NOT NULL,
    file TEXT NOT NULL DEFAULT '',
    mapping TEXT NOT NULL DEFAULT '',
    backfill INTEGER NOT NULL DEFAULT 0,
    taken INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE import (
    fingerprint TEXT PRIMARY KEY,
    file TEXT NOT NULL,
    source TEXT NOT NULL,
    mapping TEXT NOT NULL,
    done INTEGER NOT NULL,
    finished INTEGER NOT NULL,
    tally BLOB NOT NULL,
    noted_us INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE erasure_key (key BLOB NOT NULL);
CREATE TABLE erasure (
    erasure_id TEXT PRIMARY KEY,
    erased_us INTEGER NOT NULL,
    last_node INTEGER NOT NULL,
    swept_us INTEGER
) WITHOUT ROWID;
CREATE TABLE tombstone (
    token BLOB PRIMARY KEY,
    erased_us INTEGER NOT NULL,
    erasure_id TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE identifier (
    node INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    customer_id TEXT,
    first_us INTEGER,
    first_id TEXT,
    dissolved INTEGER NOT NULL DEFAULT 0,
    marks INTEGER NOT NULL DEFAULT 0,
    contacts INTEGER NOT NULL DEFAULT 0,
    UNIQUE (kind, value)
);
CREATE INDEX identifier_customer ON identifier (customer_id);
CREATE TABLE link (
    node INTEGER NOT NULL,
    other INTEGER NOT NULL,
    PRIMARY KEY (node, other)
) WITHOUT ROWID;
CREATE TABLE word (
    node INTEGER NOT NULL,
    other INTEGER NOT NULL,
    occurred_us INTEGER NOT NULL,
    record_id TEXT NOT NULL,
    merged INTEGER NOT NULL,
    certain INTEGER NOT NULL,
    weight REAL,
    PRIMARY KEY (node, other)
) WITHOUT ROWID;
CREATE TABLE hard_fact (
    node INTEGER NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    occurred_us INTEGER NOT NULL,
    record_id TEXT NOT NULL,
    PRIMARY KEY (node, name)
) WITHOUT ROWID;
CREATE TABLE refusal (
    node INTEGER NOT NULL,
    other INTEGER NOT NULL,
    reason TEXT NOT NULL,
    said INTEGER NOT NULL,
    PRIMARY KEY (node, other)
) WITHOUT ROWID;
CREATE TABLE proposal (
    node INTEGER NOT NULL,
    other INTEGER NOT NULL,
    occurred_us INTEGER NOT NULL,
    record_id TEXT NOT NULL,
    PRIMARY KEY (node, other)
) WITHOUT ROWID;
CREATE TABLE membership (
    node INTEGER NOT NULL,
    group_id TEXT NOT NULL,
    since_us INTEGER NOT NULL,
    occurred_us INTEGER NOT NULL,
    message_id TEXT NOT NULL,
    is_member INTEGER NOT NULL,
    PRIMARY KEY (node, group_id)
) WITHOUT ROWID;
CREATE INDEX membership_group ON membership (group_id);
CREATE TABLE group_trait (
    node INTEGER NOT NULL,
    group_id TEXT NOT NULL,
    name TEXT NOT NULL,
    value BLOB NOT NULL,
    occurred_us INTEGER NOT NULL,
    message_id TEXT NOT NULL,
    PRIMARY KEY (group_id, name, node)
) WITHOUT ROWID;
CREATE TABLE alias (
    customer_id TEXT PRIMARY KEY,
    node INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE claim (
    node INTEGER NOT NULL,
    field TEXT NOT NULL,
    message_id TEXT NOT NULL,
    value BLOB NOT NULL,
    occurred_us INTEGER NOT NULL,
    source TEXT NOT NULL,
    PRIMARY KEY (node, field, message_id)
) WITHOUT ROWID;
CREATE TABLE consent (
    node INTEGER NOT NULL,
    purpose TEXT NOT NULL,
    channel TEXT NOT NULL,
    message_id TEXT NOT NULL,
    granted INTEGER NOT NULL,
    occurred_us INTEGER NOT NULL,
    PRIMARY KEY (node, purpose, channel, message_id)
) WITHOUT ROWID;
CREATE TABLE hold (
    node INTEGER NOT NULL,
    name TEXT NOT NULL,
    occurred_us INTEGER NOT NULL,
    message_id TEXT NOT NULL,
    held INTEGER NOT NULL,
    issues BLOB NOT NULL,
    until_us INTEGER,
    PRIMARY KEY (node, name)
) WITHOUT ROWID;
CREATE TABLE contact (
    node INTEGER NOT NULL,
    decision_id TEXT NOT NULL,
    action TEXT NOT NULL,
    treatment TEXT NOT NULL,
    action_group TEXT NOT NULL,
    channel TEXT NOT NULL,
    decided_us INTEGER NOT NULL,
    expires_us INTEGER,
    shown_us INTEGER,
    PRIMARY KEY (node, decided_us, decision_id, action)
) WITHOUT ROWID;
CREATE INDEX contact_shown_later ON contact (node, shown_us) WHERE shown_us > decided_us;
CREATE TABLE drawing (
    decision_id TEXT NOT NULL,
    action TEXT NOT NULL,
    pool TEXT NOT NULL,
    period_us INTEGER NOT NULL,
    units INTEGER NOT NULL,
    expires_us INTEGER NOT NULL,
    PRIMARY KEY (decision_id, action, pool)
) WITHOUT ROWID;
CREATE TABLE pool_use (
    pool TEXT NOT NULL,
    period_us INTEGER NOT NULL,
    expires_us INTEGER NOT NULL,
    units INTEGER NOT NULL,
    PRIMARY KEY (pool, period_us, expires_us)
) WITHOUT ROWID;
CREATE TABLE answer (
    outcome_id TEXT PRIMARY KEY,
    node INTEGER NOT NULL,
    action TEXT NOT NULL,
    action_group TEXT NOT NULL,
    type TEXT NOT NULL,
    occurred_us INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX answer_node ON answer (node);
"""

_IDENTITY = ("identifier", "link", "word", "hard_fact", "refusal", "proposal", "alias", "membership", "group_trait")
PROJECTIONS = (*_IDENTITY, "claim", "consent", "hold", "contact", "drawing", "pool_use", "answer")
