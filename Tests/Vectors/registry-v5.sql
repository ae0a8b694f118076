-- A registry as the last version with schema 5 left it: a stored run with boxes, a literal, a tensor with a seed of its own
-- and a kept diagnosis, a recipe with a parent, a renamed and deleted run with a skipped tensor, and an imported checkpoint
-- with its metadata; two of the runs belong to an experiment. From the sqlite3 shell's .dump. Ids are in the test that
-- reads it.
PRAGMA page_size = 16384;
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA application_id = 1464748372;
PRAGMA user_version = 5;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE migrations (
  number     INTEGER PRIMARY KEY,
  name       TEXT NOT NULL UNIQUE,
  sha256     TEXT NOT NULL,              -- of the migration's text, in hex
  applied_at TEXT NOT NULL               -- UTC, ISO 8601
) STRICT;
INSERT INTO migrations VALUES(1,'v0001_runs','e97ace06d0e8c23e6cd50c0b9dd92d0c50b367dc15f160bfb561cf08505e65b7','2026-11-29T03:53:05Z');
INSERT INTO migrations VALUES(2,'v0002_years','a6e5164a4694408bc31d627f368786ee042fbf40fcc8029a3ab071ca0bd565a4','2026-11-29T03:53:05Z');
INSERT INTO migrations VALUES(3,'v0003_terms','837a2fe2b7b34bd72f3a19f8fb2590ff845d4900a9fb119cbeb6800affac501b','2026-11-29T03:53:05Z');
INSERT INTO migrations VALUES(4,'v0004_details','ea676699ccec9d4206e0d65b041172cb2df75074f33ce6188818dd047bdc09ea','2026-11-29T03:53:05Z');
INSERT INTO migrations VALUES(5,'v0005_diagnoses','3999701a3d5ba20c3334421b36c63e5df41186861b15e5fcdd8c2c5783eb6427','2026-11-29T03:53:05Z');
CREATE TABLE manifests (
  id          INTEGER PRIMARY KEY,
  digest      BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
  weights     BLOB NOT NULL CHECK (length(weights) = 32),
  law_version TEXT NOT NULL,
  json        TEXT NOT NULL
) STRICT;
INSERT INTO manifests VALUES(1,X'605f9a19dea7011517a07a0bb73823e20c74e879822c6aeaa7c597069eede386',X'24893d6bd433cde88052580e540ad7b6f910045e18ea5487ef6dc7a36626dfc5','philox4x32-10/icdf-1','{"chunk_size":1048576,"law_version":"philox4x32-10/icdf-1","seed":"3","tensors":[{"digest":"sha256:03d1efe4f5ac35042647b25314a489d708545a014b8a656f694fe2dca78b8cec","dtype":"float32","law":{"law":"parts","parts":[{"box":[],"law":{"law":"constant","value":0}},{"box":[[0,2]],"law":{"half":1,"high":1,"law":"uniform","low":-1,"mid":0}},{"box":[[2,4]],"law":{"half":1,"high":1,"law":"uniform","low":-1,"mid":0},"stream":"1973973273410680206"}]},"name":"fused","shape":[6,4],"stream":"5227974110214660837"},{"digest":"sha256:e0fc5b2d41456fa269a8cdbe62c4fefe4787689141fad80247786cfa9f575e8e","dtype":"float32","law":{"law":"literal"},"name":"q","shape":[2,3],"stream":"1973973273410680206"},{"digest":"sha256:09ce33ad3e7da4accedd27267249ef4fb39679ad0b23cd026926d2ca93da7c33","dtype":"float16","law":{"law":"normal","mean":0,"std":0.7071067690849304},"name":"w","seed":"77","shape":[3,4],"stream":"17734696886724432"}]}');
INSERT INTO manifests VALUES(2,X'48848aa0588be902dc3a044138940a37c08f9996bcbdae304c30bb594c9dc00d',X'10f8ff5d738a916751a5cdb000fe91b2dc6f80d14d87b387b6eee1bc896ff3a8','philox4x32-10/icdf-1','{"chunk_size":1048576,"law_version":"philox4x32-10/icdf-1","seed":"4","tensors":[{"digest":"sha256:80ceb179238f3546932f3876998c505ee9d2628d9ba7e652f7673d69e43fdcfd","dtype":"float32","law":{"law":"parts","parts":[{"box":[],"law":{"law":"constant","value":0}},{"box":[[0,2]],"law":{"half":1,"high":1,"law":"uniform","low":-1,"mid":0}},{"box":[[2,4]],"law":{"half":1,"high":1,"law":"uniform","low":-1,"mid":0},"stream":"1973973273410680206"}]},"name":"fused","shape":[6,4],"stream":"5227974110214660837"},{"digest":"sha256:e0fc5b2d41456fa269a8cdbe62c4fefe4787689141fad80247786cfa9f575e8e","dtype":"float32","law":{"law":"literal"},"name":"q","shape":[2,3],"stream":"1973973273410680206"},{"digest":"sha256:09ce33ad3e7da4accedd27267249ef4fb39679ad0b23cd026926d2ca93da7c33","dtype":"float16","law":{"law":"normal","mean":0,"std":0.7071067690849304},"name":"w","seed":"77","shape":[3,4],"stream":"17734696886724432"}]}');
INSERT INTO manifests VALUES(3,X'a1ea41c555439935ca47063ef9e8bc6d60544c8e9a241eefe6aa7529355b148a',X'30aedf468f8421b129bed2a5b65343cba0e74f8650f422d0774874fe9ae6ebd2','philox4x32-10/icdf-1','{"chunk_size":1048576,"law_version":"philox4x32-10/icdf-1","seed":"5","tensors":[{"digest":"sha256:7ef0ca626bbb058dd443bb78e33b888bdec8295c96e51f5545f96370870c10b9","dtype":"float16","law":{"law":"constant","value":0},"name":"net.0.bias","shape":[4],"stream":"10573203734198928955"},{"digest":"sha256:fc4b19105145a3aafc7b89ef6e346ddf4ee0942256b4711d80e46c547e7b7b1b","dtype":"float16","law":{"law":"normal","mean":0,"std":0.8164966106414795},"name":"net.0.weight","shape":[4,3],"stream":"15075238687971104206"}]}');
INSERT INTO manifests VALUES(4,X'd23542522eea728292de1c57cdb618b3add00b21491983ae000f9f1364a56b3b',X'd7d36da3be726151896f953276236f722789af4503204fe95726044cf145f967','philox4x32-10/icdf-1','{"chunk_size":1048576,"law_version":"philox4x32-10/icdf-1","seed":"0","tensors":[{"digest":"sha256:746b26055a0390737d6d0ae1dfe430d3c806b432ccab040e3356bd3751151938","dtype":"float32","law":{"law":"literal"},"name":"fused","shape":[2,2],"stream":"5227974110214660837"},{"digest":"sha256:7ef0ca626bbb058dd443bb78e33b888bdec8295c96e51f5545f96370870c10b9","dtype":"float32","law":{"law":"literal"},"name":"other.weight","shape":[2],"stream":"11046684536402914834"},{"digest":"sha256:e0fc5b2d41456fa269a8cdbe62c4fefe4787689141fad80247786cfa9f575e8e","dtype":"float32","law":{"law":"literal"},"name":"q","shape":[2,3],"stream":"1973973273410680206"}]}');
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
  CHECK (origin IN ('created', 'captured')), experiment TEXT CHECK (experiment <> ''), note TEXT NOT NULL DEFAULT '', parent TEXT CHECK (parent <> ''), git TEXT, deleted_at TEXT, preset TEXT, details TEXT NOT NULL DEFAULT '{}',         -- JSON
  UNIQUE (name, version)
) STRICT;
INSERT INTO runs VALUES(1,'m',1,1,'3',1,3,42,144,'2026-11-29T03:53:05Z','0.2.0','{"hostname":"host","user":"ada","os":"Debian GNU/Linux 12 (bookworm)","os_kernel":"Linux 6.1.0","architecture":"x86_64","processor":"AMD EPYC","processors":2,"kernel":"avx512"}','32b83ef69e11bba60d41003306cc3c80','created','e','a note',NULL,NULL,NULL,NULL,'{}');
INSERT INTO runs VALUES(2,'m',2,2,'4',0,3,42,144,'2026-11-29T03:53:05Z','0.2.0','{"hostname":"host","user":"ada","os":"Debian GNU/Linux 12 (bookworm)","os_kernel":"Linux 6.1.0","architecture":"x86_64","processor":"AMD EPYC","processors":2,"kernel":"avx512"}','ebac31bbbc708f6f9ac9474543ae2406','created',NULL,'','32b83ef69e11bba60d41003306cc3c80',NULL,NULL,NULL,'{}');
INSERT INTO runs VALUES(3,'kept',1,3,'5',1,2,16,32,'2026-11-29T03:53:05Z','0.2.0','{"hostname":"host","user":"ada","os":"Debian GNU/Linux 12 (bookworm)","os_kernel":"Linux 6.1.0","architecture":"x86_64","processor":"AMD EPYC","processors":2,"kernel":"avx512"}','c888a91dfe0a6ed048ad3e67d03b77dc','created','e','',NULL,NULL,'2026-11-29T03:53:21Z',NULL,'{"skipped":["other.weight"]}');
INSERT INTO runs VALUES(4,'taken',1,4,'0',1,3,12,48,'2026-11-29T03:53:21Z','0.2.0','{"hostname":"host","user":"ada","os":"Debian GNU/Linux 12 (bookworm)","os_kernel":"Linux 6.1.0","architecture":"x86_64","processor":"AMD EPYC","processors":2,"kernel":"avx512"}','915bf7ea25be271bab425c1d4b2970db','captured',NULL,'',NULL,NULL,NULL,NULL,'{"metadata":{"format":"pt","epoch":"3"}}');
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
  chunk_digests BLOB NOT NULL CHECK (length(chunk_digests) % 32 = 0), seed TEXT,  -- their SHA-256 is `digest`
  UNIQUE (run, position),
  UNIQUE (run, name)
) STRICT;
INSERT INTO tensors VALUES(1,1,0,'fused','float32','[6,4]','{"scheme":"parts","parts":[{"box":[],"init":{"scheme":"zeros","layout":"torch"}},{"box":[[0,2]],"init":{"scheme":"xavier_uniform","layout":"torch"},"fans_from":"box"},{"box":[[2,4]],"init":{"scheme":"xavier_uniform","layout":"torch"},"fans_from":"box","stream_of":"q"}]}','{"law":"parts","parts":[{"box":[],"law":{"law":"constant","value":0}},{"box":[[0,2]],"law":{"law":"uniform","half":1,"mid":0,"low":-1,"high":1}},{"box":[[2,4]],"law":{"law":"uniform","half":1,"mid":0,"low":-1,"high":1},"stream":"1973973273410680206"}]}','5227974110214660837',X'03d1efe4f5ac35042647b25314a489d708545a014b8a656f694fe2dca78b8cec',X'45fb1db5ed0dc2c28f5b970366250a95bb0eef8c9dc8d3fd2b3d76c03b5ac1c0',NULL);
INSERT INTO tensors VALUES(2,1,1,'w','float16','[3,4]','{"scheme":"he_normal","alias":"kaiming_normal","layout":"torch"}','{"law":"normal","mean":0,"std":0.7071067690849304}','17734696886724432',X'09ce33ad3e7da4accedd27267249ef4fb39679ad0b23cd026926d2ca93da7c33',X'88e4c33c3df7514456699b6e969b16d7c03d11d0f8348f63f05fcbd7877fcb4b','77');
INSERT INTO tensors VALUES(3,1,2,'q','float32','[2,3]','{"scheme":"literal","from":"spec","layout":"torch"}','{"law":"literal"}','1973973273410680206',X'e0fc5b2d41456fa269a8cdbe62c4fefe4787689141fad80247786cfa9f575e8e',X'24ae2dfe8df57c1b80e54cef3d90ac3b417fd98973345a5f616bbc9a75dcc202',NULL);
INSERT INTO tensors VALUES(4,2,0,'fused','float32','[6,4]','{"scheme":"parts","parts":[{"box":[],"init":{"scheme":"zeros","layout":"torch"}},{"box":[[0,2]],"init":{"scheme":"xavier_uniform","layout":"torch"},"fans_from":"box"},{"box":[[2,4]],"init":{"scheme":"xavier_uniform","layout":"torch"},"fans_from":"box","stream_of":"q"}]}','{"law":"parts","parts":[{"box":[],"law":{"law":"constant","value":0}},{"box":[[0,2]],"law":{"law":"uniform","half":1,"mid":0,"low":-1,"high":1}},{"box":[[2,4]],"law":{"law":"uniform","half":1,"mid":0,"low":-1,"high":1},"stream":"1973973273410680206"}]}','5227974110214660837',X'80ceb179238f3546932f3876998c505ee9d2628d9ba7e652f7673d69e43fdcfd',X'6923d199951e4913cca2965e44ca51c379c2d5e3cf9297c3b37bb502cf9a47ec',NULL);
INSERT INTO tensors VALUES(5,2,1,'w','float16','[3,4]','{"scheme":"he_normal","alias":"kaiming_normal","layout":"torch"}','{"law":"normal","mean":0,"std":0.7071067690849304}','17734696886724432',X'09ce33ad3e7da4accedd27267249ef4fb39679ad0b23cd026926d2ca93da7c33',X'88e4c33c3df7514456699b6e969b16d7c03d11d0f8348f63f05fcbd7877fcb4b','77');
INSERT INTO tensors VALUES(6,2,2,'q','float32','[2,3]','{"scheme":"literal","from":"spec","layout":"torch"}','{"law":"literal"}','1973973273410680206',X'e0fc5b2d41456fa269a8cdbe62c4fefe4787689141fad80247786cfa9f575e8e',X'24ae2dfe8df57c1b80e54cef3d90ac3b417fd98973345a5f616bbc9a75dcc202',NULL);
INSERT INTO tensors VALUES(7,3,0,'net.0.bias','float16','[4]','{"scheme":"zeros","layout":"torch"}','{"law":"constant","value":0}','10573203734198928955',X'7ef0ca626bbb058dd443bb78e33b888bdec8295c96e51f5545f96370870c10b9',X'af5570f5a1810b7af78caf4bc70a660f0df51e42baf91d4de5b2328de0e83dfc',NULL);
INSERT INTO tensors VALUES(8,3,1,'net.0.weight','float16','[4,3]','{"scheme":"he_normal","alias":"kaiming_normal","layout":"torch"}','{"law":"normal","mean":0,"std":0.8164966106414795}','15075238687971104206',X'fc4b19105145a3aafc7b89ef6e346ddf4ee0942256b4711d80e46c547e7b7b1b',X'958c8baf746124297d22d1c8a9096a6c822c7b87c0471648451f2304a8fdb558',NULL);
INSERT INTO tensors VALUES(9,4,0,'fused','float32','[2,2]','{"scheme":"literal"}','{"law":"literal"}','5227974110214660837',X'746b26055a0390737d6d0ae1dfe430d3c806b432ccab040e3356bd3751151938',X'a666c95f0822c64e01580063e9bb27c629d4d0534e3163a9611738599f97df2a',NULL);
INSERT INTO tensors VALUES(10,4,1,'other.weight','float32','[2]','{"scheme":"literal"}','{"law":"literal"}','11046684536402914834',X'7ef0ca626bbb058dd443bb78e33b888bdec8295c96e51f5545f96370870c10b9',X'af5570f5a1810b7af78caf4bc70a660f0df51e42baf91d4de5b2328de0e83dfc',NULL);
INSERT INTO tensors VALUES(11,4,2,'q','float32','[2,3]','{"scheme":"literal"}','{"law":"literal"}','1973973273410680206',X'e0fc5b2d41456fa269a8cdbe62c4fefe4787689141fad80247786cfa9f575e8e',X'24ae2dfe8df57c1b80e54cef3d90ac3b417fd98973345a5f616bbc9a75dcc202',NULL);
CREATE TABLE chunks (
  id     INTEGER PRIMARY KEY,
  digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
  size   INTEGER NOT NULL CHECK (size BETWEEN 1 AND 1048576),
  bytes  BLOB NOT NULL CHECK (length(bytes) = size)
) STRICT;
INSERT INTO chunks VALUES(1,X'45fb1db5ed0dc2c28f5b970366250a95bb0eef8c9dc8d3fd2b3d76c03b5ac1c0',96,X'306f50bd5377793f91157ebf73b21a3fe4f42f3e2e9b92be50c05dbd185bd3bd05c9213f2bd86b3f439e083fec0855be9ce16ebeaa61a93e18bbb23d497c1cbf0000000000000000000000000000000000000000000000000000000000000000');
INSERT INTO chunks VALUES(2,X'88e4c33c3df7514456699b6e969b16d7c03d11d0f8348f63f05fcbd7877fcb4b',24,X'ab3dd7b798374bbab036a535a0b922a8ae2a2fba10ba35b9');
INSERT INTO chunks VALUES(3,X'24ae2dfe8df57c1b80e54cef3d90ac3b417fd98973345a5f616bbc9a75dcc202',24,X'0000803f0000004000004040000080400000a0400000c040');
INSERT INTO chunks VALUES(4,X'af5570f5a1810b7af78caf4bc70a660f0df51e42baf91d4de5b2328de0e83dfc',8,X'0000000000000000');
INSERT INTO chunks VALUES(5,X'958c8baf746124297d22d1c8a9096a6c822c7b87c0471648451f2304a8fdb558',24,X'7f3b0b34db3850362636e6364cad7e38c739a53cc924cd35');
INSERT INTO chunks VALUES(6,X'a666c95f0822c64e01580063e9bb27c629d4d0534e3163a9611738599f97df2a',16,X'0000803f00000000000000000000803f');
CREATE TABLE tensor_chunks (
  tensor   INTEGER NOT NULL REFERENCES tensors (id),
  position INTEGER NOT NULL,
  chunk    INTEGER NOT NULL REFERENCES chunks (id),
  PRIMARY KEY (tensor, position)
) STRICT, WITHOUT ROWID;
INSERT INTO tensor_chunks VALUES(1,0,1);
INSERT INTO tensor_chunks VALUES(2,0,2);
INSERT INTO tensor_chunks VALUES(3,0,3);
INSERT INTO tensor_chunks VALUES(6,0,3);
INSERT INTO tensor_chunks VALUES(11,0,3);
INSERT INTO tensor_chunks VALUES(7,0,4);
INSERT INTO tensor_chunks VALUES(10,0,4);
INSERT INTO tensor_chunks VALUES(8,0,5);
INSERT INTO tensor_chunks VALUES(9,0,6);
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
INSERT INTO run_terms VALUES('scheme','he_normal',3);
INSERT INTO run_terms VALUES('scheme','kaiming_normal',3);
INSERT INTO run_terms VALUES('scheme','zeros',3);
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
INSERT INTO history VALUES(1,'2026-11-29T03:53:05Z','create','32b83ef69e11bba60d41003306cc3c80','m:v1','{}','{"user":"ada","hostname":"host","folder":"/somewhere","tool_version":"0.2.0"}');
INSERT INTO history VALUES(2,'2026-11-29T03:53:05Z','diagnose','32b83ef69e11bba60d41003306cc3c80','m:v1','{"kind":"weights"}','{"user":"ada","hostname":"host","folder":"/somewhere","tool_version":"0.2.0"}');
INSERT INTO history VALUES(3,'2026-11-29T03:53:05Z','create','ebac31bbbc708f6f9ac9474543ae2406','m:v2','{}','{"user":"ada","hostname":"host","folder":"/somewhere","tool_version":"0.2.0"}');
INSERT INTO history VALUES(4,'2026-11-29T03:53:05Z','create','c888a91dfe0a6ed048ad3e67d03b77dc','gone:v1','{}','{"user":"ada","hostname":"host","folder":"/somewhere","tool_version":"0.2.0"}');
INSERT INTO history VALUES(5,'2026-11-29T03:53:21Z','alias','32b83ef69e11bba60d41003306cc3c80','m:v1','{"alias":"best"}','{"user":"ada","hostname":"host","folder":"/somewhere","tool_version":"0.2.0"}');
INSERT INTO history VALUES(6,'2026-11-29T03:53:21Z','rename','c888a91dfe0a6ed048ad3e67d03b77dc','gone:v1','{"from":"gone","to":"kept"}','{"user":"ada","hostname":"host","folder":"/somewhere","tool_version":"0.2.0"}');
INSERT INTO history VALUES(7,'2026-11-29T03:53:21Z','delete','c888a91dfe0a6ed048ad3e67d03b77dc','kept:v1','{}','{"user":"ada","hostname":"host","folder":"/somewhere","tool_version":"0.2.0"}');
INSERT INTO history VALUES(8,'2026-11-29T03:53:21Z','capture','915bf7ea25be271bab425c1d4b2970db','taken:v1','{"file":"c.safetensors"}','{"user":"ada","hostname":"host","folder":"/somewhere","tool_version":"0.2.0"}');
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
CREATE TABLE diagnoses (
  id      INTEGER PRIMARY KEY,
  run     INTEGER NOT NULL REFERENCES runs (id),
  kind    TEXT NOT NULL CHECK (kind IN ('weights', 'model')),
  made_at TEXT NOT NULL,                -- UTC, ISO 8601
  json    TEXT NOT NULL,                -- the document winit-diagnosis/1; `subject.id` is the id of the run
  UNIQUE (run, kind)
) STRICT;
INSERT INTO diagnoses VALUES(1,1,'weights','2026-11-29T03:53:05Z','{"schema":"winit-diagnosis/1","subject":{"kind":"run","name":"m:v1","id":"sha256:605f9a19dea7011517a07a0bb73823e20c74e879822c6aeaa7c597069eede386","seed":"3","created_at":"2026-11-29T03:53:05Z","spec":null,"tool_version":"0.2.0"},"tensors":[{"name":"fused","shape":[6,4],"dtype":"float32","count":24,"mean":0.07149647672971089,"std":0.4294472629179318,"min":-0.9925165772438049,"max":0.9744769930839539,"skewness":0.08598651561010238,"kurtosis":3.6108609297813987,"zeros":8,"nonfinite":0,"nan":0,"infinite":0,"fan_in":4,"fan_out":6,"expected_std":0.4714045207910317,"z":-0.7960829955241661,"histogram":{"low":-0.9925165772438049,"high":0.9744769930839539,"counts":[1,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,1,1,1,0,1,2,0,8,0,1,0,1,0,0,0,1,0,0,0,0,1,1,1,0,0,0,0,0,0,1,1]},"spectrum":null,"scheme":"parts","law":{"law":"parts","parts":[{"box":[],"law":{"law":"constant","value":0}},{"box":[[0,2]],"law":{"law":"uniform","half":1,"mid":0,"low":-1,"high":1}},{"box":[[2,4]],"law":{"law":"uniform","half":1,"mid":0,"low":-1,"high":1},"stream":"1973973273410680206"}]},"tied_to":null},{"name":"w","shape":[3,4],"dtype":"float16","count":12,"mean":-0.123260498046875,"std":0.6647270316001461,"min":-0.78662109375,"max":1.4169921875,"skewness":0.8305941167225518,"kurtosis":2.8326840791279086,"zeros":0,"nonfinite":0,"nan":0,"infinite":0,"fan_in":4,"fan_out":3,"expected_std":0.7071067690849304,"z":-0.29361543916532484,"histogram":{"low":-0.78662109375,"high":1.4169921875,"counts":[3,1,1,0,0,0,1,0,0,0,0,0,0,0,0,0,1,0,1,0,0,0,0,0,1,0,1,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1]},"spectrum":null,"scheme":"he_normal","law":{"law":"normal","mean":0,"std":0.7071067690849304},"tied_to":null},{"name":"q","shape":[2,3],"dtype":"float32","count":6,"mean":3.5,"std":1.707825127659933,"min":1,"max":6,"skewness":0,"kurtosis":1.7314285714285718,"zeros":0,"nonfinite":0,"nan":0,"infinite":0,"fan_in":3,"fan_out":2,"expected_std":null,"z":null,"histogram":{"low":1,"high":6,"counts":[1,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,1]},"spectrum":null,"scheme":"literal(from spec)","law":{"law":"literal"},"tied_to":null}],"network":null,"layers":[],"loss":null,"findings":[],"allowed":[],"declared":[{"tensor":"q","what":"literal"}],"notes":["no curve: the layers and their order are unknown. Give the spec a `network:` list, or run the model with `winit.torch.diagnose`"]}');
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('history',8);
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
