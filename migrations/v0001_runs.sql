-- Runs, what they are made of, and the chunks that hold their bytes.
-- Once released this file never changes; what comes later is another file.

CREATE TABLE migrations (
  number     INTEGER PRIMARY KEY,
  name       TEXT NOT NULL UNIQUE,
  sha256     TEXT NOT NULL,              -- of the migration's text, in hex
  applied_at TEXT NOT NULL               -- UTC, ISO 8601
) STRICT;

-- What a run is, by content: the canonical JSON whose SHA-256 is the run's id (docs/manifest.md).
CREATE TABLE manifests (
  id          INTEGER PRIMARY KEY,
  digest      BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
  weights     BLOB NOT NULL CHECK (length(weights) = 32),
  law_version TEXT NOT NULL,
  json        TEXT NOT NULL
) STRICT;

-- One row per create. 64-bit unsigned numbers are decimal text: SQLite's integers are signed.
CREATE TABLE runs (
  id              INTEGER PRIMARY KEY,
  name            TEXT NOT NULL CHECK (name <> ''),
  version         INTEGER NOT NULL CHECK (version >= 1),
  manifest        INTEGER NOT NULL REFERENCES manifests (id),
  seed            TEXT NOT NULL,
  stored          INTEGER NOT NULL CHECK (stored IN (0, 1)),  -- 1: blobs are kept, 0: recipe only
  tensor_count    INTEGER NOT NULL,
  parameter_count INTEGER NOT NULL,
  byte_count      INTEGER NOT NULL,
  created_at      TEXT NOT NULL,
  tool_version    TEXT NOT NULL,
  host            TEXT NOT NULL,         -- JSON
  UNIQUE (name, version)
) STRICT;

CREATE INDEX runs_by_manifest ON runs (manifest);

CREATE TABLE tensors (
  id            INTEGER PRIMARY KEY,
  run           INTEGER NOT NULL REFERENCES runs (id),
  position      INTEGER NOT NULL,        -- the place in the spec
  name          TEXT NOT NULL,
  dtype         TEXT NOT NULL,
  shape         TEXT NOT NULL,           -- JSON array
  scheme        TEXT NOT NULL,           -- JSON: as it was written
  law           TEXT NOT NULL,           -- JSON: as it was resolved
  stream        TEXT NOT NULL,
  digest        BLOB NOT NULL CHECK (length(digest) = 32),
  chunk_digests BLOB NOT NULL CHECK (length(chunk_digests) % 32 = 0),  -- their SHA-256 is `digest`
  UNIQUE (run, position),
  UNIQUE (run, name)
) STRICT;

-- Bytes by content, up to 1 MiB each, stored once however many tensors share them.
CREATE TABLE chunks (
  id     INTEGER PRIMARY KEY,
  digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
  size   INTEGER NOT NULL CHECK (size BETWEEN 1 AND 1048576),
  bytes  BLOB NOT NULL CHECK (length(bytes) = size)
) STRICT;

-- The chunks of the tensors whose bytes are kept. A foreign key holds each chunk that a run needs.
CREATE TABLE tensor_chunks (
  tensor   INTEGER NOT NULL REFERENCES tensors (id),
  position INTEGER NOT NULL,
  chunk    INTEGER NOT NULL REFERENCES chunks (id),
  PRIMARY KEY (tensor, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX tensor_chunks_by_chunk ON tensor_chunks (chunk);
