-- A registry as the last version with schema 3 left it: a stored run with boxes whose fans are those of the whole tensor, a
-- recipe with a parent, a renamed and deleted run, and an imported checkpoint; from the sqlite3 shell's .dump. Ids are in the
-- test that reads it.
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
INSERT INTO migrations VALUES(1,'v0001_runs','e97ace06d0e8c23e6cd50c0b9dd92d0c50b367dc15f160bfb561cf08505e65b7','2026-11-28T08:00:42Z');
INSERT INTO migrations VALUES(2,'v0002_years','a6e5164a4694408bc31d627f368786ee042fbf40fcc8029a3ab071ca0bd565a4','2026-11-28T08:00:42Z');
INSERT INTO migrations VALUES(3,'v0003_terms','837a2fe2b7b34bd72f3a19f8fb2590ff845d4900a9fb119cbeb6800affac501b','2026-11-28T08:00:42Z');
CREATE TABLE manifests (
  id          INTEGER PRIMARY KEY,
  digest      BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
  weights     BLOB NOT NULL CHECK (length(weights) = 32),
  law_version TEXT NOT NULL,
  json        TEXT NOT NULL
) STRICT;
INSERT INTO manifests VALUES(1,X'0adb6b60e5cf916b4c0d2eb74644d63da2181b6dfe60ce53f44457852522832a',X'da8617837d7714f371fd087776eb3cc4b5285a0d57b104be834649c4ab065866','philox4x32-10/icdf-1','{"chunk_size":1048576,"law_version":"philox4x32-10/icdf-1","seed":"3","tensors":[{"digest":"sha256:38890bbdedd7f3dbb32f8fc7182b14f590ecc3de87daa0c31463bba3d4c44e3b","dtype":"float32","law":{"law":"parts","parts":[{"box":[],"law":{"law":"constant","value":0}},{"box":[[0,2]],"law":{"half":0.7745966911315918,"high":0.7745966911315918,"law":"uniform","low":-0.7745966911315918,"mid":0}},{"box":[[2,4]],"law":{"half":0.7745966911315918,"high":0.7745966911315918,"law":"uniform","low":-0.7745966911315918,"mid":0},"stream":"1973973273410680206"}]},"name":"fused","shape":[6,4],"stream":"5227974110214660837"},{"digest":"sha256:e0fc5b2d41456fa269a8cdbe62c4fefe4787689141fad80247786cfa9f575e8e","dtype":"float32","law":{"law":"literal"},"name":"q","shape":[2,3],"stream":"1973973273410680206"},{"digest":"sha256:7b9557d803ed08c2f05035a5fa7a5a71b7f9fef05fa8163bec5f785de18bcd34","dtype":"float16","law":{"law":"normal","mean":0,"std":0.7071067690849304},"name":"w","shape":[3,4],"stream":"17734696886724432"}]}');
INSERT INTO manifests VALUES(2,X'21e66cbcce4dda2b397d0ad58d0b304c72671d1f065284bec853a087194aafbd',X'4a121c79095b2f7c3eabf0b7f0bef1c939e3aa851d57fa13529aa149467e25da','philox4x32-10/icdf-1','{"chunk_size":1048576,"law_version":"philox4x32-10/icdf-1","seed":"4","tensors":[{"digest":"sha256:ac3be10e864fd0792ae0f919c1b4282b7db59037af9370536c45c77ff5662030","dtype":"float32","law":{"law":"parts","parts":[{"box":[],"law":{"law":"constant","value":0}},{"box":[[0,2]],"law":{"half":0.7745966911315918,"high":0.7745966911315918,"law":"uniform","low":-0.7745966911315918,"mid":0}},{"box":[[2,4]],"law":{"half":0.7745966911315918,"high":0.7745966911315918,"law":"uniform","low":-0.7745966911315918,"mid":0},"stream":"1973973273410680206"}]},"name":"fused","shape":[6,4],"stream":"5227974110214660837"},{"digest":"sha256:e0fc5b2d41456fa269a8cdbe62c4fefe4787689141fad80247786cfa9f575e8e","dtype":"float32","law":{"law":"literal"},"name":"q","shape":[2,3],"stream":"1973973273410680206"},{"digest":"sha256:28d4ebb56caecdffc63ff215c75f6ab0d9667ed0586fd28caf1f99def892a4c9","dtype":"float16","law":{"law":"normal","mean":0,"std":0.7071067690849304},"name":"w","shape":[3,4],"stream":"17734696886724432"}]}');
INSERT INTO manifests VALUES(3,X'9dbe9f8b4f848a5b29d44beb75aba76426e78d796c88b34dc412b83fff826983',X'0d4d28550eb07d52427ba176e41980633a59fefe36512ff77e7b7d4d4a717af2','philox4x32-10/icdf-1','{"chunk_size":1048576,"law_version":"philox4x32-10/icdf-1","seed":"5","tensors":[{"digest":"sha256:f1f9bb6e56cfa557fb7493da26286c6dadea86c0c064c77845b2216b985fdedf","dtype":"float32","law":{"law":"parts","parts":[{"box":[],"law":{"law":"constant","value":0}},{"box":[[0,2]],"law":{"half":0.7745966911315918,"high":0.7745966911315918,"law":"uniform","low":-0.7745966911315918,"mid":0}},{"box":[[2,4]],"law":{"half":0.7745966911315918,"high":0.7745966911315918,"law":"uniform","low":-0.7745966911315918,"mid":0},"stream":"1973973273410680206"}]},"name":"fused","shape":[6,4],"stream":"5227974110214660837"},{"digest":"sha256:e0fc5b2d41456fa269a8cdbe62c4fefe4787689141fad80247786cfa9f575e8e","dtype":"float32","law":{"law":"literal"},"name":"q","shape":[2,3],"stream":"1973973273410680206"},{"digest":"sha256:6925718a29e68b861d52be5cddd539573c2a55ee045938ef660e517b9d6ce6c9","dtype":"float16","law":{"law":"normal","mean":0,"std":0.7071067690849304},"name":"w","shape":[3,4],"stream":"17734696886724432"}]}');
INSERT INTO manifests VALUES(4,X'26c1e75860eb82a7a164a67ff9ec3a9acfe16f9a30930477ae971a1cc285bbca',X'da8617837d7714f371fd087776eb3cc4b5285a0d57b104be834649c4ab065866','philox4x32-10/icdf-1','{"chunk_size":1048576,"law_version":"philox4x32-10/icdf-1","seed":"0","tensors":[{"digest":"sha256:38890bbdedd7f3dbb32f8fc7182b14f590ecc3de87daa0c31463bba3d4c44e3b","dtype":"float32","law":{"law":"literal"},"name":"fused","shape":[6,4],"stream":"5227974110214660837"},{"digest":"sha256:e0fc5b2d41456fa269a8cdbe62c4fefe4787689141fad80247786cfa9f575e8e","dtype":"float32","law":{"law":"literal"},"name":"q","shape":[2,3],"stream":"1973973273410680206"},{"digest":"sha256:7b9557d803ed08c2f05035a5fa7a5a71b7f9fef05fa8163bec5f785de18bcd34","dtype":"float16","law":{"law":"literal"},"name":"w","shape":[3,4],"stream":"17734696886724432"}]}');
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
INSERT INTO runs VALUES(1,'m',1,1,'3',1,3,42,144,'2026-11-28T08:00:42Z','0.1.0','{"hostname":"host","user":"ada","os":"Debian GNU/Linux 12 (bookworm)","os_kernel":"Linux 6.1.0","architecture":"x86_64","processor":"AMD EPYC","processors":2,"kernel":"avx512"}','dac855ff16408503578fb662529b21b8','created','e','a note',NULL,NULL,NULL);
INSERT INTO runs VALUES(2,'m',2,2,'4',0,3,42,144,'2026-11-28T08:00:42Z','0.1.0','{"hostname":"host","user":"ada","os":"Debian GNU/Linux 12 (bookworm)","os_kernel":"Linux 6.1.0","architecture":"x86_64","processor":"AMD EPYC","processors":2,"kernel":"avx512"}','933b3b0aeb8895052a1d195c9cb1cae5','created',NULL,'','dac855ff16408503578fb662529b21b8',NULL,NULL);
INSERT INTO runs VALUES(3,'kept',1,3,'5',0,3,42,144,'2026-11-28T08:00:42Z','0.1.0','{"hostname":"host","user":"ada","os":"Debian GNU/Linux 12 (bookworm)","os_kernel":"Linux 6.1.0","architecture":"x86_64","processor":"AMD EPYC","processors":2,"kernel":"avx512"}','bc448f1f6759459fa0bfb08e432fbc50','created',NULL,'',NULL,NULL,'2026-11-28T08:00:42Z');
INSERT INTO runs VALUES(4,'taken',1,4,'0',1,3,42,144,'2026-11-28T08:00:42Z','0.1.0','{"hostname":"host","user":"ada","os":"Debian GNU/Linux 12 (bookworm)","os_kernel":"Linux 6.1.0","architecture":"x86_64","processor":"AMD EPYC","processors":2,"kernel":"avx512"}','fcda30c8fc0ffca1b96d8c9f6b5c556c','captured',NULL,'',NULL,NULL,NULL);
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
INSERT INTO tensors VALUES(1,1,0,'fused','float32','[6,4]','{"scheme":"parts","parts":[{"box":[],"init":{"scheme":"zeros","layout":"torch"}},{"box":[[0,2]],"init":{"scheme":"xavier_uniform","layout":"torch"}},{"box":[[2,4]],"init":{"scheme":"xavier_uniform","layout":"torch"},"stream_of":"q"}]}','{"law":"parts","parts":[{"box":[],"law":{"law":"constant","value":0}},{"box":[[0,2]],"law":{"law":"uniform","half":0.7745966911315918,"mid":0,"low":-0.7745966911315918,"high":0.7745966911315918}},{"box":[[2,4]],"law":{"law":"uniform","half":0.7745966911315918,"mid":0,"low":-0.7745966911315918,"high":0.7745966911315918},"stream":"1973973273410680206"}]}','5227974110214660837',X'38890bbdedd7f3dbb32f8fc7182b14f590ecc3de87daa0c31463bba3d4c44e3b',X'76f5408ab1096c9ba913339a7914489431c3fb17d8688e7d63d6559000c92bb4');
INSERT INTO tensors VALUES(2,1,1,'w','float16','[3,4]','{"scheme":"he_normal","alias":"kaiming_normal","layout":"torch"}','{"law":"normal","mean":0,"std":0.7071067690849304}','17734696886724432',X'7b9557d803ed08c2f05035a5fa7a5a71b7f9fef05fa8163bec5f785de18bcd34',X'51c3175711e5eb6755816ab9620e78c8e39bd1b043d021092b5e0328d1e085f6');
INSERT INTO tensors VALUES(3,1,2,'q','float32','[2,3]','{"scheme":"literal","from":"spec"}','{"law":"literal"}','1973973273410680206',X'e0fc5b2d41456fa269a8cdbe62c4fefe4787689141fad80247786cfa9f575e8e',X'24ae2dfe8df57c1b80e54cef3d90ac3b417fd98973345a5f616bbc9a75dcc202');
INSERT INTO tensors VALUES(4,2,0,'fused','float32','[6,4]','{"scheme":"parts","parts":[{"box":[],"init":{"scheme":"zeros","layout":"torch"}},{"box":[[0,2]],"init":{"scheme":"xavier_uniform","layout":"torch"}},{"box":[[2,4]],"init":{"scheme":"xavier_uniform","layout":"torch"},"stream_of":"q"}]}','{"law":"parts","parts":[{"box":[],"law":{"law":"constant","value":0}},{"box":[[0,2]],"law":{"law":"uniform","half":0.7745966911315918,"mid":0,"low":-0.7745966911315918,"high":0.7745966911315918}},{"box":[[2,4]],"law":{"law":"uniform","half":0.7745966911315918,"mid":0,"low":-0.7745966911315918,"high":0.7745966911315918},"stream":"1973973273410680206"}]}','5227974110214660837',X'ac3be10e864fd0792ae0f919c1b4282b7db59037af9370536c45c77ff5662030',X'87e974d9a85a9c176f64852bc95a10588395ea6eeb8906ca9f3a0430fe29686a');
INSERT INTO tensors VALUES(5,2,1,'w','float16','[3,4]','{"scheme":"he_normal","alias":"kaiming_normal","layout":"torch"}','{"law":"normal","mean":0,"std":0.7071067690849304}','17734696886724432',X'28d4ebb56caecdffc63ff215c75f6ab0d9667ed0586fd28caf1f99def892a4c9',X'd7fe5ff37199dbbef24a2593d259ab4b05819951fca394ea63de0386bdeecd6e');
INSERT INTO tensors VALUES(6,2,2,'q','float32','[2,3]','{"scheme":"literal","from":"spec"}','{"law":"literal"}','1973973273410680206',X'e0fc5b2d41456fa269a8cdbe62c4fefe4787689141fad80247786cfa9f575e8e',X'24ae2dfe8df57c1b80e54cef3d90ac3b417fd98973345a5f616bbc9a75dcc202');
INSERT INTO tensors VALUES(7,3,0,'fused','float32','[6,4]','{"scheme":"parts","parts":[{"box":[],"init":{"scheme":"zeros","layout":"torch"}},{"box":[[0,2]],"init":{"scheme":"xavier_uniform","layout":"torch"}},{"box":[[2,4]],"init":{"scheme":"xavier_uniform","layout":"torch"},"stream_of":"q"}]}','{"law":"parts","parts":[{"box":[],"law":{"law":"constant","value":0}},{"box":[[0,2]],"law":{"law":"uniform","half":0.7745966911315918,"mid":0,"low":-0.7745966911315918,"high":0.7745966911315918}},{"box":[[2,4]],"law":{"law":"uniform","half":0.7745966911315918,"mid":0,"low":-0.7745966911315918,"high":0.7745966911315918},"stream":"1973973273410680206"}]}','5227974110214660837',X'f1f9bb6e56cfa557fb7493da26286c6dadea86c0c064c77845b2216b985fdedf',X'c6257bcf7a7143034c17b3923cf17604065446c70c9da5f7ae5160ec77313dd6');
INSERT INTO tensors VALUES(8,3,1,'w','float16','[3,4]','{"scheme":"he_normal","alias":"kaiming_normal","layout":"torch"}','{"law":"normal","mean":0,"std":0.7071067690849304}','17734696886724432',X'6925718a29e68b861d52be5cddd539573c2a55ee045938ef660e517b9d6ce6c9',X'c6ec2393ae088a82d08d4d856df1392bdadf80da205ce0df2164fdf581e4d2f9');
INSERT INTO tensors VALUES(9,3,2,'q','float32','[2,3]','{"scheme":"literal","from":"spec"}','{"law":"literal"}','1973973273410680206',X'e0fc5b2d41456fa269a8cdbe62c4fefe4787689141fad80247786cfa9f575e8e',X'24ae2dfe8df57c1b80e54cef3d90ac3b417fd98973345a5f616bbc9a75dcc202');
INSERT INTO tensors VALUES(10,4,0,'fused','float32','[6,4]','{"scheme":"literal"}','{"law":"literal"}','5227974110214660837',X'38890bbdedd7f3dbb32f8fc7182b14f590ecc3de87daa0c31463bba3d4c44e3b',X'76f5408ab1096c9ba913339a7914489431c3fb17d8688e7d63d6559000c92bb4');
INSERT INTO tensors VALUES(11,4,1,'q','float32','[2,3]','{"scheme":"literal"}','{"law":"literal"}','1973973273410680206',X'e0fc5b2d41456fa269a8cdbe62c4fefe4787689141fad80247786cfa9f575e8e',X'24ae2dfe8df57c1b80e54cef3d90ac3b417fd98973345a5f616bbc9a75dcc202');
INSERT INTO tensors VALUES(12,4,2,'w','float16','[3,4]','{"scheme":"literal"}','{"law":"literal"}','17734696886724432',X'7b9557d803ed08c2f05035a5fa7a5a71b7f9fef05fa8163bec5f785de18bcd34',X'51c3175711e5eb6755816ab9620e78c8e39bd1b043d021092b5e0328d1e085f6');
CREATE TABLE chunks (
  id     INTEGER PRIMARY KEY,
  digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
  size   INTEGER NOT NULL CHECK (size BETWEEN 1 AND 1048576),
  bytes  BLOB NOT NULL CHECK (length(bytes) = size)
) STRICT;
INSERT INTO chunks VALUES(1,X'76f5408ab1096c9ba913339a7914489431c3fb17d8688e7d63d6559000c92bb4',96,X'da7321bd523c413f15d044bfdaa7ef3ea04b083e0e1f63be8cc42bbd2db7a3bdf9a2fa3e2eaf363fe5a5d33e1f0425be620939becd33833ebf718a3d216df2be0000000000000000000000000000000000000000000000000000000000000000');
INSERT INTO chunks VALUES(2,X'51c3175711e5eb6755816ab9620e78c8e39bd1b043d021092b5e0328d1e085f6',24,X'00bad13800b268391b3b6e2d062f4cb57c364a3ab9b65f35');
INSERT INTO chunks VALUES(3,X'24ae2dfe8df57c1b80e54cef3d90ac3b417fd98973345a5f616bbc9a75dcc202',24,X'0000803f0000004000004040000080400000a0400000c040');
CREATE TABLE tensor_chunks (
  tensor   INTEGER NOT NULL REFERENCES tensors (id),
  position INTEGER NOT NULL,
  chunk    INTEGER NOT NULL REFERENCES chunks (id),
  PRIMARY KEY (tensor, position)
) STRICT, WITHOUT ROWID;
INSERT INTO tensor_chunks VALUES(1,0,1);
INSERT INTO tensor_chunks VALUES(10,0,1);
INSERT INTO tensor_chunks VALUES(2,0,2);
INSERT INTO tensor_chunks VALUES(12,0,2);
INSERT INTO tensor_chunks VALUES(3,0,3);
INSERT INTO tensor_chunks VALUES(6,0,3);
INSERT INTO tensor_chunks VALUES(9,0,3);
INSERT INTO tensor_chunks VALUES(11,0,3);
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
CREATE TABLE IF NOT EXISTS "run_terms" (
  kind TEXT NOT NULL CHECK (kind IN ('scheme', 'dtype')),
  term TEXT NOT NULL,
  run  INTEGER NOT NULL REFERENCES runs (id),
  PRIMARY KEY (kind, term, run)
) STRICT, WITHOUT ROWID;
INSERT INTO run_terms VALUES('dtype','float16',1);
INSERT INTO run_terms VALUES('dtype','float32',1);
INSERT INTO run_terms VALUES('scheme','he_normal',1);
INSERT INTO run_terms VALUES('scheme','kaiming_normal',1);
INSERT INTO run_terms VALUES('scheme','literal',1);
INSERT INTO run_terms VALUES('scheme','parts',1);
INSERT INTO run_terms VALUES('scheme','xavier_uniform',1);
INSERT INTO run_terms VALUES('scheme','zeros',1);
INSERT INTO run_terms VALUES('dtype','float16',2);
INSERT INTO run_terms VALUES('dtype','float32',2);
INSERT INTO run_terms VALUES('scheme','he_normal',2);
INSERT INTO run_terms VALUES('scheme','kaiming_normal',2);
INSERT INTO run_terms VALUES('scheme','literal',2);
INSERT INTO run_terms VALUES('scheme','parts',2);
INSERT INTO run_terms VALUES('scheme','xavier_uniform',2);
INSERT INTO run_terms VALUES('scheme','zeros',2);
INSERT INTO run_terms VALUES('dtype','float16',3);
INSERT INTO run_terms VALUES('dtype','float32',3);
INSERT INTO run_terms VALUES('scheme','he_normal',3);
INSERT INTO run_terms VALUES('scheme','kaiming_normal',3);
INSERT INTO run_terms VALUES('scheme','literal',3);
INSERT INTO run_terms VALUES('scheme','parts',3);
INSERT INTO run_terms VALUES('scheme','xavier_uniform',3);
INSERT INTO run_terms VALUES('scheme','zeros',3);
INSERT INTO run_terms VALUES('dtype','float16',4);
INSERT INTO run_terms VALUES('dtype','float32',4);
INSERT INTO run_terms VALUES('scheme','literal',4);
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
INSERT INTO history VALUES(1,'2026-11-28T08:00:42Z','create','dac855ff16408503578fb662529b21b8','m:v1','{}','{"user":"ada","hostname":"host","folder":"/somewhere","tool_version":"0.1.0"}');
INSERT INTO history VALUES(2,'2026-11-28T08:00:42Z','alias','dac855ff16408503578fb662529b21b8','m:v1','{"alias":"best"}','{"user":"ada","hostname":"host","folder":"/somewhere","tool_version":"0.1.0"}');
INSERT INTO history VALUES(3,'2026-11-28T08:00:42Z','create','933b3b0aeb8895052a1d195c9cb1cae5','m:v2','{}','{"user":"ada","hostname":"host","folder":"/somewhere","tool_version":"0.1.0"}');
INSERT INTO history VALUES(4,'2026-11-28T08:00:42Z','create','bc448f1f6759459fa0bfb08e432fbc50','gone:v1','{}','{"user":"ada","hostname":"host","folder":"/somewhere","tool_version":"0.1.0"}');
INSERT INTO history VALUES(5,'2026-11-28T08:00:42Z','rename','bc448f1f6759459fa0bfb08e432fbc50','gone:v1','{"from":"gone","to":"kept"}','{"user":"ada","hostname":"host","folder":"/somewhere","tool_version":"0.1.0"}');
INSERT INTO history VALUES(6,'2026-11-28T08:00:42Z','delete','bc448f1f6759459fa0bfb08e432fbc50','kept:v1','{}','{"user":"ada","hostname":"host","folder":"/somewhere","tool_version":"0.1.0"}');
INSERT INTO history VALUES(7,'2026-11-28T08:00:42Z','capture','fcda30c8fc0ffca1b96d8c9f6b5c556c','taken:v1','{"file":"c.safetensors"}','{"user":"ada","hostname":"host","folder":"/somewhere","tool_version":"0.1.0"}');
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
INSERT INTO sqlite_sequence VALUES('history',7);
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
