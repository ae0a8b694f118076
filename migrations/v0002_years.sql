-- Names, aliases, facts of runs, tombstones, history, leases: what a registry needs after its first month.

-- Every name ever used. Versions are counted here, so that none is given twice, whatever is collected or renamed.
CREATE TABLE names (
  name         TEXT PRIMARY KEY CHECK (name <> ''),
  last_version INTEGER NOT NULL CHECK (last_version >= 0),
  renamed_to   TEXT
) STRICT, WITHOUT ROWID;

INSERT INTO names (name, last_version) SELECT name, max(version) FROM runs GROUP BY name;

ALTER TABLE runs ADD COLUMN uid TEXT NOT NULL DEFAULT '';           -- 128 random bits: this run, in any registry
ALTER TABLE runs ADD COLUMN origin TEXT NOT NULL DEFAULT 'created'  -- captured: bytes from elsewhere, no recipe, no seed
  CHECK (origin IN ('created', 'captured'));
ALTER TABLE runs ADD COLUMN experiment TEXT CHECK (experiment <> '');
ALTER TABLE runs ADD COLUMN note TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN parent TEXT CHECK (parent <> '');       -- the uid of another run, which may be elsewhere
ALTER TABLE runs ADD COLUMN git TEXT;                               -- JSON
ALTER TABLE runs ADD COLUMN deleted_at TEXT;                        -- a tombstone, until it is collected

UPDATE runs SET uid = lower(hex(randomblob(16)));

CREATE UNIQUE INDEX runs_by_uid ON runs (uid);
-- Each order of a listing, of the runs that are there: with deleted_at in front no row is read for those passed over.
CREATE INDEX runs_by_time ON runs (deleted_at, created_at);
CREATE INDEX runs_by_name ON runs (deleted_at, name, version);
CREATE INDEX runs_by_parameters ON runs (deleted_at, parameter_count);
CREATE INDEX runs_by_experiment ON runs (experiment, deleted_at, created_at) WHERE experiment IS NOT NULL;
CREATE INDEX runs_by_seed ON runs (seed);

CREATE TRIGGER runs_stay_what_they_are
BEFORE UPDATE OF id, version, manifest, seed, uid, origin, created_at ON runs
BEGIN SELECT RAISE(ABORT, 'a version is never changed'); END;

CREATE TABLE tags (
  run   INTEGER NOT NULL REFERENCES runs (id),
  key   TEXT NOT NULL CHECK (key <> ''),
  value TEXT NOT NULL,
  PRIMARY KEY (run, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX tags_by_value ON tags (key, value);

-- The schemes (as written, their aliases, and what `auto` picked) and dtypes that occur in a run, to find runs by.
CREATE TABLE words (
  kind TEXT NOT NULL CHECK (kind IN ('scheme', 'dtype')),
  word TEXT NOT NULL,
  run  INTEGER NOT NULL REFERENCES runs (id),
  PRIMARY KEY (kind, word, run)
) STRICT, WITHOUT ROWID;

CREATE INDEX words_by_run ON words (run);

INSERT INTO words SELECT DISTINCT 'dtype', dtype, run FROM tensors;
INSERT INTO words
SELECT DISTINCT 'scheme', part.atom, tensors.run FROM tensors, json_tree(tensors.scheme) AS part
WHERE part.key IN ('scheme', 'alias', 'picked') AND part.type = 'text';

-- NAME:ALIAS, which can be moved.
CREATE TABLE aliases (
  name  TEXT NOT NULL REFERENCES names (name),
  alias TEXT NOT NULL CHECK (alias <> '' AND ltrim(lower(alias), 'v') GLOB '*[^0-9]*'),
  run   INTEGER NOT NULL REFERENCES runs (id),
  PRIMARY KEY (name, alias)
) STRICT, WITHOUT ROWID;

CREATE INDEX aliases_by_run ON aliases (run);

-- What was done, by whom. Rows are only ever added.
CREATE TABLE history (
  id        INTEGER PRIMARY KEY AUTOINCREMENT,
  at        TEXT NOT NULL,           -- UTC, ISO 8601
  action    TEXT NOT NULL,
  run       TEXT,                    -- the run's uid, if it is about one
  reference TEXT,                    -- NAME:vN, as it was then
  detail    TEXT NOT NULL,           -- JSON
  actor     TEXT NOT NULL            -- JSON: user, host, folder, tool version; {} where nothing was to be captured
) STRICT;

CREATE INDEX history_by_run ON history (run);

CREATE TRIGGER history_is_not_changed BEFORE UPDATE ON history
BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;
CREATE TRIGGER history_is_not_deleted BEFORE DELETE ON history
BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;
-- INSERT OR REPLACE would delete a row without its trigger.
CREATE TRIGGER history_is_not_replaced BEFORE INSERT ON history
WHEN NEW.id > 0 AND NEW.id <= (SELECT max(id) FROM history)
BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;

-- What a create or an import under way has added or found: no collection takes it while the lease lives.
CREATE TABLE leases (
  id         INTEGER PRIMARY KEY,
  holder     TEXT NOT NULL,          -- JSON: the process, so that the end of one on this machine is seen
  renewed_at INTEGER NOT NULL        -- seconds since 1970
) STRICT;

CREATE TABLE lease_chunks (
  lease INTEGER NOT NULL REFERENCES leases (id),
  chunk INTEGER NOT NULL REFERENCES chunks (id),
  PRIMARY KEY (lease, chunk)
) STRICT, WITHOUT ROWID;

CREATE INDEX lease_chunks_by_chunk ON lease_chunks (chunk);

-- Sizes without a look at the blobs.
CREATE INDEX chunks_by_size ON chunks (size);

-- A verification of many runs, and how far it has come.
CREATE TABLE passes (
  id          INTEGER PRIMARY KEY,
  started_at  TEXT NOT NULL,
  selection   TEXT NOT NULL,         -- JSON: which runs, at which level
  finished_at TEXT
) STRICT;

CREATE TABLE pass_runs (
  pass    INTEGER NOT NULL REFERENCES passes (id),
  run     TEXT NOT NULL,             -- the run's uid
  matches INTEGER NOT NULL CHECK (matches IN (0, 1)),
  PRIMARY KEY (pass, run)
) STRICT, WITHOUT ROWID;
