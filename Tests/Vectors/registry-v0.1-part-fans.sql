-- A registry with one recipe of version 0.1, which took the fans of a scheme in a box from the whole tensor; from the sqlite3
-- shell's .dump. The spec: fused [12, 4], he_normal with xavier_uniform in rows 0 to 4 and a std of 1 / sqrt(fan_in) in rows 4 to 8;
-- experts [2, 6, 4], xavier_uniform in the first half of expert 0; bias [12], uniform with fan_of fused in a box; plain [6, 4].
PRAGMA page_size = 16384;
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA application_id = 1464748372;
PRAGMA user_version = 3;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE migrations (
  number     INTEGER PRIMARY KEY,
  name       TEXT NOT NULL UNIQUE,
  sha256     TEXT NOT NULL,              -- of the migration's text, in hex
  applied_at TEXT NOT NULL               -- UTC, ISO 8601
) STRICT;
INSERT INTO migrations VALUES(1,'v0001_runs','e97ace06d0e8c23e6cd50c0b9dd92d0c50b367dc15f160bfb561cf08505e65b7','2026-11-28T07:45:05Z');
INSERT INTO migrations VALUES(2,'v0002_years','a6e5164a4694408bc31d627f368786ee042fbf40fcc8029a3ab071ca0bd565a4','2026-11-28T07:45:05Z');
INSERT INTO migrations VALUES(3,'v0003_terms','837a2fe2b7b34bd72f3a19f8fb2590ff845d4900a9fb119cbeb6800affac501b','2026-11-28T07:45:05Z');
CREATE TABLE manifests (
  id          INTEGER PRIMARY KEY,
  digest      BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
  weights     BLOB NOT NULL CHECK (length(weights) = 32),
  law_version TEXT NOT NULL,
  json        TEXT NOT NULL
) STRICT;
INSERT INTO manifests VALUES(1,X'02e217fbd79721112090958f929070b9fcb5a2d5a44c4af8cc77dcfff1c81477',X'4ea19ba06525028da062f250bfb0ea3624af070bb818d142cb655526438aac62','philox4x32-10/icdf-1','{"chunk_size":1048576,"law_version":"philox4x32-10/icdf-1","seed":"1","tensors":[{"digest":"sha256:ba6c62def0a879d334ece4e67541a8f1cf1244b57de7c348cfe5fd8906741b83","dtype":"float32","law":{"law":"parts","parts":[{"box":[],"law":{"law":"constant","value":0}},{"box":[[0,4]],"law":{"half":0.5,"high":0.5,"law":"uniform","low":-0.5,"mid":0}}]},"name":"bias","shape":[12],"stream":"1029149720785996026"},{"digest":"sha256:30fd8482266d5f69d29de4d19d41ec857993a20a5555eb769f08f84fe3770a58","dtype":"float32","law":{"law":"parts","parts":[{"box":[],"law":{"law":"constant","value":0}},{"box":[[0,1],[0,3]],"law":{"half":0.4330126941204071,"high":0.4330126941204071,"law":"uniform","low":-0.4330126941204071,"mid":0},"stream":"5836006187893425923"}]},"name":"experts","shape":[2,6,4],"stream":"9079290498027003296"},{"digest":"sha256:0ca5d1b68d49c838a9ba936ba3d601f1a9d7091a9ac633e10f1ca002f2241815","dtype":"float32","law":{"law":"parts","parts":[{"box":[],"law":{"law":"normal","mean":0,"std":0.7071067690849304}},{"box":[[0,4]],"law":{"half":0.6123724579811096,"high":0.6123724579811096,"law":"uniform","low":-0.6123724579811096,"mid":0}},{"box":[[4,8]],"law":{"law":"normal","mean":0,"std":0.5}}]},"name":"fused","shape":[12,4],"stream":"5227974110214660837"},{"digest":"sha256:3fe4c31ac41b03ed2fd0475d2fa82e4528823f3c963c6403201753539fa28194","dtype":"float32","law":{"half":0.7745966911315918,"high":0.7745966911315918,"law":"uniform","low":-0.7745966911315918,"mid":0},"name":"plain","shape":[6,4],"stream":"8584096489893598881"}]}');
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
  host            TEXT NOT NULL, uid TEXT NOT NULL DEFAULT '', origin TEXT NOT NULL DEFAULT 'created'  -- captured: bytes from elsewhere, no recipe, no seed
  CHECK (origin IN ('created', 'captured')), experiment TEXT CHECK (experiment <> ''), note TEXT NOT NULL DEFAULT '', parent TEXT CHECK (parent <> ''), git TEXT, deleted_at TEXT,         -- JSON
  UNIQUE (name, version)
) STRICT;
INSERT INTO runs VALUES(1,'old',1,1,'1',0,4,132,528,'2026-11-28T07:45:05Z','0.1.0','{}','c6185fce3627a47b21241061922a43f7','created',NULL,'',NULL,NULL,NULL);
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
INSERT INTO tensors VALUES(1,1,0,'fused','float32','[12,4]','{"scheme":"parts","parts":[{"box":[],"init":{"scheme":"he_normal","layout":"torch"}},{"box":[[0,4]],"init":{"scheme":"xavier_uniform","layout":"torch"}},{"box":[[4,8]],"init":{"scheme":"normal","std":0.5,"expressions":{"std":"1 / sqrt(fan_in)"},"layout":"torch"}}]}','{"law":"parts","parts":[{"box":[],"law":{"law":"normal","mean":0,"std":0.7071067690849304}},{"box":[[0,4]],"law":{"law":"uniform","half":0.6123724579811096,"mid":0,"low":-0.6123724579811096,"high":0.6123724579811096}},{"box":[[4,8]],"law":{"law":"normal","mean":0,"std":0.5}}]}','5227974110214660837',X'0ca5d1b68d49c838a9ba936ba3d601f1a9d7091a9ac633e10f1ca002f2241815',X'2982ab4501cc03e4bcdd0e646ea564838d5c6f677f115a6b0720b462fed5177d');
INSERT INTO tensors VALUES(2,1,1,'experts','float32','[2,6,4]','{"scheme":"parts","parts":[{"box":[],"init":{"scheme":"zeros","layout":"torch"}},{"box":[[0,1],[0,3]],"init":{"scheme":"xavier_uniform","layout":"torch"},"stream_of":"experts.0.gate"}]}','{"law":"parts","parts":[{"box":[],"law":{"law":"constant","value":0}},{"box":[[0,1],[0,3]],"law":{"law":"uniform","half":0.4330126941204071,"mid":0,"low":-0.4330126941204071,"high":0.4330126941204071},"stream":"5836006187893425923"}]}','9079290498027003296',X'30fd8482266d5f69d29de4d19d41ec857993a20a5555eb769f08f84fe3770a58',X'b3625b4084238f839589edcccbc1a6afbe55c60055dd1324cdf66f9ed129a7b9');
INSERT INTO tensors VALUES(3,1,2,'bias','float32','[12]','{"scheme":"parts","parts":[{"box":[],"init":{"scheme":"zeros","layout":"torch"}},{"box":[[0,4]],"init":{"scheme":"uniform","fan_of":"fused","fan_in":4,"fan_out":12}}]}','{"law":"parts","parts":[{"box":[],"law":{"law":"constant","value":0}},{"box":[[0,4]],"law":{"law":"uniform","half":0.5,"mid":0,"low":-0.5,"high":0.5}}]}','1029149720785996026',X'ba6c62def0a879d334ece4e67541a8f1cf1244b57de7c348cfe5fd8906741b83',X'9999621f3688d8521f6e0df1153dbf88a83594fa5d76b89e8e70502d2a2ed53a');
INSERT INTO tensors VALUES(4,1,3,'plain','float32','[6,4]','{"scheme":"xavier_uniform","layout":"torch"}','{"law":"uniform","half":0.7745966911315918,"mid":0,"low":-0.7745966911315918,"high":0.7745966911315918}','8584096489893598881',X'3fe4c31ac41b03ed2fd0475d2fa82e4528823f3c963c6403201753539fa28194',X'69d2a93ab53c3af95984c1363c47ee0f9d30775b6fa5125f7b1cc4e82150954d');
CREATE TABLE chunks (
  id     INTEGER PRIMARY KEY,
  digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
  size   INTEGER NOT NULL CHECK (size BETWEEN 1 AND 1048576),
  bytes  BLOB NOT NULL CHECK (length(bytes) = size)
) STRICT;
CREATE TABLE tensor_chunks (
  tensor   INTEGER NOT NULL REFERENCES tensors (id),
  position INTEGER NOT NULL,
  chunk    INTEGER NOT NULL REFERENCES chunks (id),
  PRIMARY KEY (tensor, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE names (
  name         TEXT PRIMARY KEY CHECK (name <> ''),
  last_version INTEGER NOT NULL CHECK (last_version >= 0),
  renamed_to   TEXT
) STRICT, WITHOUT ROWID;
INSERT INTO names VALUES('old',1,NULL);
CREATE TABLE tags (
  run   INTEGER NOT NULL REFERENCES runs (id),
  key   TEXT NOT NULL CHECK (key <> ''),
  value TEXT NOT NULL,
  PRIMARY KEY (run, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS "run_terms" (
  kind TEXT NOT NULL CHECK (kind IN ('scheme', 'dtype')),
  term TEXT NOT NULL,
  run  INTEGER NOT NULL REFERENCES runs (id),
  PRIMARY KEY (kind, term, run)
) STRICT, WITHOUT ROWID;
INSERT INTO run_terms VALUES('dtype','float32',1);
INSERT INTO run_terms VALUES('scheme','he_normal',1);
INSERT INTO run_terms VALUES('scheme','normal',1);
INSERT INTO run_terms VALUES('scheme','parts',1);
INSERT INTO run_terms VALUES('scheme','uniform',1);
INSERT INTO run_terms VALUES('scheme','xavier_uniform',1);
INSERT INTO run_terms VALUES('scheme','zeros',1);
CREATE TABLE aliases (
  name  TEXT NOT NULL REFERENCES names (name),
  alias TEXT NOT NULL CHECK (alias <> '' AND ltrim(lower(alias), 'v') GLOB '*[^0-9]*'),
  run   INTEGER NOT NULL REFERENCES runs (id),
  PRIMARY KEY (name, alias)
) STRICT, WITHOUT ROWID;
CREATE TABLE history (
  id        INTEGER PRIMARY KEY AUTOINCREMENT,
  at        TEXT NOT NULL,           -- UTC, ISO 8601
  action    TEXT NOT NULL,
  run       TEXT,                    -- the run's uid, if it is about one
  reference TEXT,                    -- NAME:vN, as it was then
  detail    TEXT NOT NULL,           -- JSON
  actor     TEXT NOT NULL            -- JSON: user, host, folder, tool version; {} where nothing was to be captured
) STRICT;
INSERT INTO history VALUES(1,'2026-11-28T07:45:05Z','create','c6185fce3627a47b21241061922a43f7','old:v1','{}','{}');
INSERT INTO history VALUES(2,'2026-11-28T07:45:05Z','verify','c6185fce3627a47b21241061922a43f7','old:v1','{"matches":true,"level":"regeneration"}','{"user":"ada","hostname":"host","folder":"/models","tool_version":"0.1.0"}');
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
CREATE TABLE IF NOT EXISTS "verification_passes" (
  id          INTEGER PRIMARY KEY,
  started_at  TEXT NOT NULL,
  selection   TEXT NOT NULL,         -- JSON: which runs, at which level
  finished_at TEXT
) STRICT;
CREATE TABLE pass_runs (
  pass    INTEGER NOT NULL REFERENCES "verification_passes" (id),
  run     TEXT NOT NULL,             -- the run's uid
  matches INTEGER NOT NULL CHECK (matches IN (0, 1)),
  PRIMARY KEY (pass, run)
) STRICT, WITHOUT ROWID;
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('history',2);
CREATE INDEX runs_by_manifest ON runs (manifest);
CREATE INDEX tensor_chunks_by_chunk ON tensor_chunks (chunk);
CREATE UNIQUE INDEX runs_by_uid ON runs (uid);
CREATE INDEX runs_by_time ON runs (deleted_at, created_at);
CREATE INDEX runs_by_name ON runs (deleted_at, name, version);
CREATE INDEX runs_by_parameters ON runs (deleted_at, parameter_count);
CREATE INDEX runs_by_experiment ON runs (experiment, deleted_at, created_at) WHERE experiment IS NOT NULL;
CREATE INDEX runs_by_seed ON runs (seed);
CREATE TRIGGER runs_stay_what_they_are
BEFORE UPDATE OF id, version, manifest, seed, uid, origin, created_at ON runs
BEGIN SELECT RAISE(ABORT, 'a version is never changed'); END;
CREATE INDEX tags_by_value ON tags (key, value);
CREATE INDEX words_by_run ON "run_terms" (run);
CREATE INDEX aliases_by_run ON aliases (run);
CREATE INDEX history_by_run ON history (run);
CREATE TRIGGER history_is_not_changed BEFORE UPDATE ON history
BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;
CREATE TRIGGER history_is_not_deleted BEFORE DELETE ON history
BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;
CREATE TRIGGER history_is_not_replaced BEFORE INSERT ON history
WHEN NEW.id > 0 AND NEW.id <= (SELECT max(id) FROM history)
BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;
CREATE INDEX lease_chunks_by_chunk ON lease_chunks (chunk);
CREATE INDEX chunks_by_size ON chunks (size);
COMMIT;
