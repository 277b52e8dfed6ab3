-- Which site an agent reported for, and when: what it was not assigned to is none of its
-- business, and what it was assigned to stays so when it is moved or revoked. until 0: still.

ALTER TABLE agents ADD COLUMN revoked_at INTEGER NOT NULL DEFAULT 0;

CREATE TABLE assignments (
	tenant TEXT NOT NULL,
	agent  TEXT NOT NULL,
	since  INTEGER NOT NULL,
	site   TEXT NOT NULL,
	until  INTEGER NOT NULL,
	PRIMARY KEY (tenant, agent, since)
) STRICT, WITHOUT ROWID;

INSERT INTO assignments (tenant, agent, since, site, until) SELECT tenant, id, registered_at, site, 0 FROM agents;
