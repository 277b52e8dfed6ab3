-- What the collector keeps. Instants are integer ms since the Unix epoch, UTC. Every key begins
-- with the tenant. Unsigned 64-bit numbers are stored as the signed number of the same bits.

CREATE TABLE agents (
	tenant        TEXT NOT NULL,
	id            TEXT NOT NULL,
	site          TEXT NOT NULL,
	key_id        TEXT NOT NULL UNIQUE,
	public_key    BLOB NOT NULL,
	registered_at INTEGER NOT NULL,
	last_contact  INTEGER NOT NULL,
	version       TEXT NOT NULL,
	fault         TEXT NOT NULL,
	PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE revisions (
	tenant      TEXT NOT NULL,
	number      INTEGER NOT NULL,
	accepted_at INTEGER NOT NULL,
	file        TEXT NOT NULL,
	text        BLOB NOT NULL,
	PRIMARY KEY (tenant, number)
) STRICT;

-- The journal: one row a batch, as it came. position is dense and never reused.
CREATE TABLE journal (
	position    INTEGER PRIMARY KEY AUTOINCREMENT,
	tenant      TEXT NOT NULL,
	agent       TEXT NOT NULL,
	epoch       INTEGER NOT NULL,
	seq         INTEGER NOT NULL,
	received_at INTEGER NOT NULL,
	digest      BLOB NOT NULL, -- SHA-256 of body
	aside       BLOB,
	body        BLOB NOT NULL,
	UNIQUE (tenant, agent, epoch, seq)
) STRICT;

CREATE TABLE epochs (
	tenant    TEXT NOT NULL,
	agent     TEXT NOT NULL,
	epoch     INTEGER NOT NULL,
	watermark INTEGER NOT NULL, -- highest contiguous seq from 1
	PRIMARY KEY (tenant, agent, epoch)
) STRICT, WITHOUT ROWID;

-- How far the journal has been folded in: at most one row.
CREATE TABLE progress (
	only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
	applied  INTEGER NOT NULL
) STRICT;

CREATE TABLE series (
	tenant   TEXT NOT NULL,
	check_id TEXT NOT NULL,
	agent    TEXT NOT NULL,
	newest   INTEGER NOT NULL, -- hour of the newest chunk
	PRIMARY KEY (tenant, check_id, agent)
) STRICT, WITHOUT ROWID;

CREATE TABLE chunks (
	tenant       TEXT NOT NULL,
	check_id     TEXT NOT NULL,
	agent        TEXT NOT NULL,
	hour         INTEGER NOT NULL,
	observations BLOB NOT NULL,
	carry        BLOB NOT NULL,
	PRIMARY KEY (tenant, check_id, agent, hour)
) STRICT, WITHOUT ROWID;

CREATE TABLE spans (
	tenant   TEXT NOT NULL,
	check_id TEXT NOT NULL,
	agent    TEXT NOT NULL,
	start    INTEGER NOT NULL,
	end      INTEGER NOT NULL,
	last     INTEGER NOT NULL,
	state    INTEGER NOT NULL,
	reason   INTEGER NOT NULL,
	PRIMARY KEY (tenant, check_id, agent, start)
) STRICT, WITHOUT ROWID;

CREATE TABLE quarantine (
	tenant   TEXT NOT NULL,
	at       INTEGER NOT NULL,
	agent    TEXT NOT NULL,
	epoch    INTEGER NOT NULL,
	seq      INTEGER NOT NULL,
	check_id TEXT NOT NULL,
	reason   TEXT NOT NULL,
	count    INTEGER NOT NULL,
	PRIMARY KEY (tenant, agent, epoch, seq, check_id, reason)
) STRICT, WITHOUT ROWID;
CREATE INDEX quarantine_newest ON quarantine (tenant, at);

CREATE TABLE slo_states (
	tenant       TEXT NOT NULL,
	slo          TEXT NOT NULL,
	period_start INTEGER NOT NULL,
	period_end   INTEGER NOT NULL,
	state        INTEGER NOT NULL,
	since        INTEGER NOT NULL,
	breached_at  INTEGER NOT NULL,
	PRIMARY KEY (tenant, slo, period_start, period_end)
) STRICT, WITHOUT ROWID;

CREATE TABLE transitions (
	id           INTEGER PRIMARY KEY,
	tenant       TEXT NOT NULL,
	slo          TEXT NOT NULL,
	period_start INTEGER NOT NULL,
	period_end   INTEGER NOT NULL,
	at           INTEGER NOT NULL,
	from_state   INTEGER NOT NULL,
	to_state     INTEGER NOT NULL,
	breached_at  INTEGER NOT NULL,
	note         TEXT NOT NULL
) STRICT;
CREATE INDEX transitions_newest ON transitions (tenant, at);

CREATE TABLE reports (
	tenant  TEXT NOT NULL,
	month   TEXT NOT NULL,
	made_at INTEGER NOT NULL,
	json    BLOB NOT NULL,
	html    BLOB NOT NULL,
	PRIMARY KEY (tenant, month)
) STRICT;

-- The outbox. sent_at and given_up_at are 0 until they happen, and never both set.
CREATE TABLE messages (
	id           INTEGER PRIMARY KEY AUTOINCREMENT,
	tenant       TEXT NOT NULL,
	key          TEXT NOT NULL,
	kind         TEXT NOT NULL,
	recipients   TEXT NOT NULL, -- JSON array
	subject      TEXT NOT NULL,
	text         TEXT NOT NULL,
	html         TEXT NOT NULL,
	created_at   INTEGER NOT NULL,
	attempts     INTEGER NOT NULL,
	next_attempt INTEGER NOT NULL,
	sent_at      INTEGER NOT NULL,
	given_up_at  INTEGER NOT NULL,
	last_error   TEXT NOT NULL,
	UNIQUE (tenant, key)
) STRICT;
CREATE INDEX messages_waiting ON messages (next_attempt) WHERE sent_at = 0 AND given_up_at = 0;
CREATE INDEX messages_given_up ON messages (given_up_at) WHERE given_up_at > 0;

CREATE TABLE message_files (
	tenant  TEXT NOT NULL,
	message INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
	ordinal INTEGER NOT NULL,
	name    TEXT NOT NULL,
	type    TEXT NOT NULL,
	data    BLOB NOT NULL,
	PRIMARY KEY (tenant, message, ordinal)
) STRICT;
CREATE INDEX message_files_of ON message_files (message);
