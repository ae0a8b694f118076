-- A registry as the last version with schema 2 left it: a stored run with a tag, a note and an alias, a recipe with a parent, a
-- renamed and deleted run, an imported checkpoint, and an interrupted verification; from the sqlite3 shell's .dump. Ids
-- are in the test that reads it.
PRAGMA page_size = 16384;
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA application_id = 1464748372;
PRAGMA user_version = 2;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE migrations (
  number     INTEGER PRIMARY KEY,
  name       TEXT NOT NULL UNIQUE,
  sha256     TEXT NOT NULL,              -- of the migration's text, in hex
  applied_at TEXT NOT NULL               -- UTC, ISO 8601
) STRICT;
INSERT INTO migrations VALUES(1,'v0001_runs','e97ace06d0e8c23e6cd50c0b9dd92d0c50b367dc15f160bfb561cf08505e65b7','2026-11-28T04:54:59Z');
INSERT INTO migrations VALUES(2,'v0002_years','a6e5164a4694408bc31d627f368786ee042fbf40fcc8029a3ab071ca0bd565a4','2026-11-28T04:54:59Z');
CREATE TABLE manifests (
  id          INTEGER PRIMARY KEY,
  digest      BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
  weights     BLOB NOT NULL CHECK (length(weights) = 32),
  law_version TEXT NOT NULL,
  json        TEXT NOT NULL
) STRICT;
INSERT INTO manifests VALUES(1,X'fd96204d2bbfca2c5e62c1e4a581fca6db10e068fd7bc7ca2c521bf30755c1bb',X'1b32c24871c62873a16fc6c1c7ec1df9c95f0b3be5141923944132d8e04ad40a','philox4x32-10/icdf-1','{"chunk_size":1048576,"law_version":"philox4x32-10/icdf-1","seed":"42","tensors":[{"digest":"sha256:81fc492561da56832f9a3ce1d0569ea100c76949545d3b6254f1086a33b71413","dtype":"float16","law":{"law":"constant","value":0},"name":"b","shape":[8],"stream":"5357375904281011006"},{"digest":"sha256:d601e52fc82634dc421059c338a60650b85b05dd3bd1f2272e42918279a588eb","dtype":"float32","law":{"law":"same_as","name":"w"},"name":"tied","shape":[4,8],"stream":"17734696886724432"},{"digest":"sha256:d601e52fc82634dc421059c338a60650b85b05dd3bd1f2272e42918279a588eb","dtype":"float32","law":{"law":"normal","mean":0,"std":0.7071067690849304},"name":"w","shape":[4,8],"stream":"17734696886724432"}]}');
INSERT INTO manifests VALUES(2,X'542f80f2b498b7c906fe010c703639f1f1fcf662fedceab22a39e2e5af614275',X'a8601e47cc0ccd42b7e93ba476f60e2d6930a500fc3489178031a3df382cc720','philox4x32-10/icdf-1','{"chunk_size":1048576,"law_version":"philox4x32-10/icdf-1","seed":"43","tensors":[{"digest":"sha256:81fc492561da56832f9a3ce1d0569ea100c76949545d3b6254f1086a33b71413","dtype":"float16","law":{"law":"constant","value":0},"name":"b","shape":[8],"stream":"5357375904281011006"},{"digest":"sha256:b24abc21897a2cc26edec11e3f91d0354f56507dc94175aa06074f44276cb665","dtype":"float32","law":{"law":"same_as","name":"w"},"name":"tied","shape":[4,8],"stream":"17734696886724432"},{"digest":"sha256:b24abc21897a2cc26edec11e3f91d0354f56507dc94175aa06074f44276cb665","dtype":"float32","law":{"law":"normal","mean":0,"std":0.7071067690849304},"name":"w","shape":[4,8],"stream":"17734696886724432"}]}');
INSERT INTO manifests VALUES(3,X'dfdde9d98a8ce7f12be5dfed751d238aa0303faa14ba568e4e4325eb4d5f93db',X'2466aa69bbf2140ddf2f7ff9a6bf7f5961d6e2176309ba30241de8f4bd999291','philox4x32-10/icdf-1','{"chunk_size":1048576,"law_version":"philox4x32-10/icdf-1","seed":"1","tensors":[{"digest":"sha256:81fc492561da56832f9a3ce1d0569ea100c76949545d3b6254f1086a33b71413","dtype":"float16","law":{"law":"constant","value":0},"name":"b","shape":[8],"stream":"5357375904281011006"},{"digest":"sha256:6f0a34daf835b21142c78066e3d948549716c6887fead23d6e94d1654d562b5a","dtype":"float32","law":{"law":"same_as","name":"w"},"name":"tied","shape":[4,8],"stream":"17734696886724432"},{"digest":"sha256:6f0a34daf835b21142c78066e3d948549716c6887fead23d6e94d1654d562b5a","dtype":"float32","law":{"law":"normal","mean":0,"std":0.7071067690849304},"name":"w","shape":[4,8],"stream":"17734696886724432"}]}');
INSERT INTO manifests VALUES(4,X'14cddec333e898e92affa6ce42110d2a81e1c7982fc0c9fb15b553661da1dc0f',X'1b32c24871c62873a16fc6c1c7ec1df9c95f0b3be5141923944132d8e04ad40a','philox4x32-10/icdf-1','{"chunk_size":1048576,"law_version":"philox4x32-10/icdf-1","seed":"0","tensors":[{"digest":"sha256:81fc492561da56832f9a3ce1d0569ea100c76949545d3b6254f1086a33b71413","dtype":"float16","law":{"law":"literal"},"name":"b","shape":[8],"stream":"5357375904281011006"},{"digest":"sha256:d601e52fc82634dc421059c338a60650b85b05dd3bd1f2272e42918279a588eb","dtype":"float32","law":{"law":"literal"},"name":"tied","shape":[4,8],"stream":"7699772626027742758"},{"digest":"sha256:d601e52fc82634dc421059c338a60650b85b05dd3bd1f2272e42918279a588eb","dtype":"float32","law":{"law":"literal"},"name":"w","shape":[4,8],"stream":"17734696886724432"}]}');
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
INSERT INTO runs VALUES(1,'m',1,1,'42',1,3,40,272,'2026-11-28T04:54:59Z','0.1.0','{}','862ae0207ec8bc2a135888d392e3d0ff','created','e','a note',NULL,NULL,NULL);
INSERT INTO runs VALUES(2,'m',2,2,'43',0,3,40,272,'2026-11-28T04:54:59Z','0.1.0','{}','586cc0e2fff53a6cec73fd9e81fb2aa7','created',NULL,'','862ae0207ec8bc2a135888d392e3d0ff',NULL,NULL);
INSERT INTO runs VALUES(3,'kept',1,3,'1',1,3,40,272,'2026-11-28T04:54:59Z','0.1.0','{}','80455b234aeb030175ee60845a748c1d','created',NULL,'',NULL,NULL,'2026-11-28T04:54:59Z');
INSERT INTO runs VALUES(4,'taken',1,4,'0',1,3,72,272,'2026-11-28T04:54:59Z','0.1.0','{}','4b7288be2f94a00d6cb72bb45573cad7','captured',NULL,'',NULL,NULL,NULL);
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
INSERT INTO tensors VALUES(1,1,0,'w','float32','[4,8]','{"scheme":"he_normal","alias":"kaiming_normal","mode":"fan_out","layout":"torch"}','{"law":"normal","mean":0,"std":0.7071067690849304}','17734696886724432',X'd601e52fc82634dc421059c338a60650b85b05dd3bd1f2272e42918279a588eb',X'3222490898dc83cbb7f4f5f8e182d1dfe31c9f1daaf5ac22ce70b6ebff518f83');
INSERT INTO tensors VALUES(2,1,1,'b','float16','[8]','{"scheme":"zeros","layout":"torch"}','{"law":"constant","value":0}','5357375904281011006',X'81fc492561da56832f9a3ce1d0569ea100c76949545d3b6254f1086a33b71413',X'374708fff7719dd5979ec875d56cd2286f6d3cf7ec317a3b25632aab28ec37bb');
INSERT INTO tensors VALUES(3,1,2,'tied','float32','[4,8]','{"scheme":"same_as","of":"w"}','{"law":"same_as","name":"w"}','17734696886724432',X'd601e52fc82634dc421059c338a60650b85b05dd3bd1f2272e42918279a588eb',X'3222490898dc83cbb7f4f5f8e182d1dfe31c9f1daaf5ac22ce70b6ebff518f83');
INSERT INTO tensors VALUES(4,2,0,'w','float32','[4,8]','{"scheme":"he_normal","alias":"kaiming_normal","mode":"fan_out","layout":"torch"}','{"law":"normal","mean":0,"std":0.7071067690849304}','17734696886724432',X'b24abc21897a2cc26edec11e3f91d0354f56507dc94175aa06074f44276cb665',X'e0257a2df8717e56ffb4f39d5dd45968cfd117e69d18693ffdb6a68ad9a7f382');
INSERT INTO tensors VALUES(5,2,1,'b','float16','[8]','{"scheme":"zeros","layout":"torch"}','{"law":"constant","value":0}','5357375904281011006',X'81fc492561da56832f9a3ce1d0569ea100c76949545d3b6254f1086a33b71413',X'374708fff7719dd5979ec875d56cd2286f6d3cf7ec317a3b25632aab28ec37bb');
INSERT INTO tensors VALUES(6,2,2,'tied','float32','[4,8]','{"scheme":"same_as","of":"w"}','{"law":"same_as","name":"w"}','17734696886724432',X'b24abc21897a2cc26edec11e3f91d0354f56507dc94175aa06074f44276cb665',X'e0257a2df8717e56ffb4f39d5dd45968cfd117e69d18693ffdb6a68ad9a7f382');
INSERT INTO tensors VALUES(7,3,0,'w','float32','[4,8]','{"scheme":"he_normal","alias":"kaiming_normal","mode":"fan_out","layout":"torch"}','{"law":"normal","mean":0,"std":0.7071067690849304}','17734696886724432',X'6f0a34daf835b21142c78066e3d948549716c6887fead23d6e94d1654d562b5a',X'ec90639b481912654eb0a76b30736a84e9c9ba92a0aeaf9f06630f932755f0f0');
INSERT INTO tensors VALUES(8,3,1,'b','float16','[8]','{"scheme":"zeros","layout":"torch"}','{"law":"constant","value":0}','5357375904281011006',X'81fc492561da56832f9a3ce1d0569ea100c76949545d3b6254f1086a33b71413',X'374708fff7719dd5979ec875d56cd2286f6d3cf7ec317a3b25632aab28ec37bb');
INSERT INTO tensors VALUES(9,3,2,'tied','float32','[4,8]','{"scheme":"same_as","of":"w"}','{"law":"same_as","name":"w"}','17734696886724432',X'6f0a34daf835b21142c78066e3d948549716c6887fead23d6e94d1654d562b5a',X'ec90639b481912654eb0a76b30736a84e9c9ba92a0aeaf9f06630f932755f0f0');
INSERT INTO tensors VALUES(10,4,0,'tied','float32','[4,8]','{"scheme":"literal"}','{"law":"literal"}','7699772626027742758',X'd601e52fc82634dc421059c338a60650b85b05dd3bd1f2272e42918279a588eb',X'3222490898dc83cbb7f4f5f8e182d1dfe31c9f1daaf5ac22ce70b6ebff518f83');
INSERT INTO tensors VALUES(11,4,1,'w','float32','[4,8]','{"scheme":"literal"}','{"law":"literal"}','17734696886724432',X'd601e52fc82634dc421059c338a60650b85b05dd3bd1f2272e42918279a588eb',X'3222490898dc83cbb7f4f5f8e182d1dfe31c9f1daaf5ac22ce70b6ebff518f83');
INSERT INTO tensors VALUES(12,4,2,'b','float16','[8]','{"scheme":"literal"}','{"law":"literal"}','5357375904281011006',X'81fc492561da56832f9a3ce1d0569ea100c76949545d3b6254f1086a33b71413',X'374708fff7719dd5979ec875d56cd2286f6d3cf7ec317a3b25632aab28ec37bb');
CREATE TABLE chunks (
  id     INTEGER PRIMARY KEY,
  digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
  size   INTEGER NOT NULL CHECK (size BETWEEN 1 AND 1048576),
  bytes  BLOB NOT NULL CHECK (length(bytes) = size)
) STRICT;
INSERT INTO chunks VALUES(1,X'3222490898dc83cbb7f4f5f8e182d1dfe31c9f1daaf5ac22ce70b6ebff518f83',128,X'1cf455bf8739823f26ee95bc13e49cbe27357dbf302bcd3e88d515bebc5e043f838a95bd78db283ecea1adbe0849d13f81a3443fb5bcb43d4517913fc1875ebfc34b1a3ffe6ca23d274c9fbe6f5c403fa834893f30813b3fd3333ebf33f8bbbe210a53be114912bf070b81bf474f37bfb396fb3e1497b1bf10a554bfee36073d');
INSERT INTO chunks VALUES(2,X'374708fff7719dd5979ec875d56cd2286f6d3cf7ec317a3b25632aab28ec37bb',16,X'00000000000000000000000000000000');
INSERT INTO chunks VALUES(3,X'ec90639b481912654eb0a76b30736a84e9c9ba92a0aeaf9f06630f932755f0f0',128,X'587e8dbe3de0883ee220463ff2de6dbf75c2c13c8cbdf1be414684becc74883eb7a1d43ea46617bf3f7ae4be9bf599bee57af93e7de998bfd5bc413e05597f3f7f8a883fc7faa33e52eca4bf695cf83e1a1386be925ffabe792f7ebe7e2002bf9401a83ec0c2f8beecd7723f2ca9a7bf4e7cd4bda873a63e74ddc2bed9adefbf');
CREATE TABLE tensor_chunks (
  tensor   INTEGER NOT NULL REFERENCES tensors (id),
  position INTEGER NOT NULL,
  chunk    INTEGER NOT NULL REFERENCES chunks (id),
  PRIMARY KEY (tensor, position)
) STRICT, WITHOUT ROWID;
INSERT INTO tensor_chunks VALUES(1,0,1);
INSERT INTO tensor_chunks VALUES(3,0,1);
INSERT INTO tensor_chunks VALUES(10,0,1);
INSERT INTO tensor_chunks VALUES(11,0,1);
INSERT INTO tensor_chunks VALUES(2,0,2);
INSERT INTO tensor_chunks VALUES(8,0,2);
INSERT INTO tensor_chunks VALUES(12,0,2);
INSERT INTO tensor_chunks VALUES(7,0,3);
INSERT INTO tensor_chunks VALUES(9,0,3);
CREATE TABLE names (
  name         TEXT PRIMARY KEY CHECK (name <> ''),
  last_version INTEGER NOT NULL CHECK (last_version >= 0),
  renamed_to   TEXT
) STRICT, WITHOUT ROWID;
INSERT INTO names VALUES('gone',1,'kept');
INSERT INTO names VALUES('kept',1,NULL);
INSERT INTO names VALUES('m',2,NULL);
INSERT INTO names VALUES('taken',1,NULL);
CREATE TABLE tags (
  run   INTEGER NOT NULL REFERENCES runs (id),
  key   TEXT NOT NULL CHECK (key <> ''),
  value TEXT NOT NULL,
  PRIMARY KEY (run, key)
) STRICT, WITHOUT ROWID;
INSERT INTO tags VALUES(1,'k','v');
CREATE TABLE words (
  kind TEXT NOT NULL CHECK (kind IN ('scheme', 'dtype')),
  word TEXT NOT NULL,
  run  INTEGER NOT NULL REFERENCES runs (id),
  PRIMARY KEY (kind, word, run)
) STRICT, WITHOUT ROWID;
INSERT INTO words VALUES('dtype','float16',1);
INSERT INTO words VALUES('dtype','float32',1);
INSERT INTO words VALUES('scheme','he_normal',1);
INSERT INTO words VALUES('scheme','kaiming_normal',1);
INSERT INTO words VALUES('scheme','same_as',1);
INSERT INTO words VALUES('scheme','zeros',1);
INSERT INTO words VALUES('dtype','float16',2);
INSERT INTO words VALUES('dtype','float32',2);
INSERT INTO words VALUES('scheme','he_normal',2);
INSERT INTO words VALUES('scheme','kaiming_normal',2);
INSERT INTO words VALUES('scheme','same_as',2);
INSERT INTO words VALUES('scheme','zeros',2);
INSERT INTO words VALUES('dtype','float16',3);
INSERT INTO words VALUES('dtype','float32',3);
INSERT INTO words VALUES('scheme','he_normal',3);
INSERT INTO words VALUES('scheme','kaiming_normal',3);
INSERT INTO words VALUES('scheme','same_as',3);
INSERT INTO words VALUES('scheme','zeros',3);
INSERT INTO words VALUES('dtype','float16',4);
INSERT INTO words VALUES('dtype','float32',4);
INSERT INTO words VALUES('scheme','literal',4);
CREATE TABLE aliases (
  name  TEXT NOT NULL REFERENCES names (name),
  alias TEXT NOT NULL CHECK (alias <> '' AND ltrim(lower(alias), 'v') GLOB '*[^0-9]*'),
  run   INTEGER NOT NULL REFERENCES runs (id),
  PRIMARY KEY (name, alias)
) STRICT, WITHOUT ROWID;
INSERT INTO aliases VALUES('m','best',1);
CREATE TABLE history (
  id        INTEGER PRIMARY KEY AUTOINCREMENT,
  at        TEXT NOT NULL,           -- UTC, ISO 8601
  action    TEXT NOT NULL,
  run       TEXT,                    -- the run's uid, if it is about one
  reference TEXT,                    -- NAME:vN, as it was then
  detail    TEXT NOT NULL,           -- JSON
  actor     TEXT NOT NULL            -- JSON: user, host, folder, tool version; {} where nothing was to be captured
) STRICT;
INSERT INTO history VALUES(1,'2026-11-28T04:54:59Z','create','862ae0207ec8bc2a135888d392e3d0ff','m:v1','{}','{}');
INSERT INTO history VALUES(2,'2026-11-28T04:54:59Z','create','586cc0e2fff53a6cec73fd9e81fb2aa7','m:v2','{}','{}');
INSERT INTO history VALUES(3,'2026-11-28T04:54:59Z','create','80455b234aeb030175ee60845a748c1d','gone:v1','{}','{}');
INSERT INTO history VALUES(4,'2026-11-28T04:54:59Z','alias','862ae0207ec8bc2a135888d392e3d0ff','m:v1','{"alias":"best"}','{"user":"ada","hostname":"host","folder":"/somewhere","tool_version":"0.1.0"}');
INSERT INTO history VALUES(5,'2026-11-28T04:54:59Z','rename','80455b234aeb030175ee60845a748c1d','gone:v1','{"from":"gone","to":"kept"}','{"user":"ada","hostname":"host","folder":"/somewhere","tool_version":"0.1.0"}');
INSERT INTO history VALUES(6,'2026-11-28T04:54:59Z','delete','80455b234aeb030175ee60845a748c1d','kept:v1','{}','{"user":"ada","hostname":"host","folder":"/somewhere","tool_version":"0.1.0"}');
INSERT INTO history VALUES(7,'2026-11-28T04:54:59Z','capture','4b7288be2f94a00d6cb72bb45573cad7','taken:v1','{"file":"m.safetensors"}','{}');
INSERT INTO history VALUES(8,'2026-11-28T04:54:59Z','verify','4b7288be2f94a00d6cb72bb45573cad7','taken:v1','{"matches":true,"level":"stored bytes and regeneration"}','{"user":"ada","hostname":"host","folder":"/somewhere","tool_version":"0.1.0"}');
INSERT INTO history VALUES(9,'2026-11-28T04:54:59Z','verify','586cc0e2fff53a6cec73fd9e81fb2aa7','m:v2','{"matches":true,"level":"regeneration"}','{"user":"ada","hostname":"host","folder":"/somewhere","tool_version":"0.1.0"}');
INSERT INTO history VALUES(10,'2026-11-28T04:54:59Z','verify','862ae0207ec8bc2a135888d392e3d0ff','m:v1','{"matches":true,"level":"stored bytes and regeneration"}','{"user":"ada","hostname":"host","folder":"/somewhere","tool_version":"0.1.0"}');
INSERT INTO history VALUES(11,'2026-11-28T04:54:59Z','verify','586cc0e2fff53a6cec73fd9e81fb2aa7','m:v2','{"matches":true,"level":"regeneration"}','{"user":"ada","hostname":"host","folder":"/somewhere","tool_version":"0.1.0"}');
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
CREATE TABLE passes (
  id          INTEGER PRIMARY KEY,
  started_at  TEXT NOT NULL,
  selection   TEXT NOT NULL,         -- JSON: which runs, at which level
  finished_at TEXT
) STRICT;
INSERT INTO passes VALUES(1,'2026-11-28T04:54:59Z','{"level":"everything","since":null}','2026-11-28T04:54:59Z');
INSERT INTO passes VALUES(2,'2026-11-28T00:00:00Z','{"level":"everything","since":null}',NULL);
CREATE TABLE pass_runs (
  pass    INTEGER NOT NULL REFERENCES passes (id),
  run     TEXT NOT NULL,             -- the run's uid
  matches INTEGER NOT NULL CHECK (matches IN (0, 1)),
  PRIMARY KEY (pass, run)
) STRICT, WITHOUT ROWID;
INSERT INTO pass_runs VALUES(2,'4b7288be2f94a00d6cb72bb45573cad7',1);
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('history',11);
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
CREATE INDEX words_by_run ON words (run);
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
