-- A registry as the first schema's last version left it: two stored runs, a recipe, one beside them; from the sqlite3
-- shell's .dump. It holds every kind of law that version wrote in several ways. Ids are in the test that reads it.
PRAGMA page_size = 16384;
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA application_id = 1464748372;
PRAGMA user_version = 1;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE migrations (
  number     INTEGER PRIMARY KEY,
  name       TEXT NOT NULL UNIQUE,
  sha256     TEXT NOT NULL,              -- of the migration's text, in hex
  applied_at TEXT NOT NULL               -- UTC, ISO 8601
) STRICT;
INSERT INTO migrations VALUES(1,'v0001_runs','e97ace06d0e8c23e6cd50c0b9dd92d0c50b367dc15f160bfb561cf08505e65b7','2026-11-24T23:06:43Z');
CREATE TABLE manifests (
  id          INTEGER PRIMARY KEY,
  digest      BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
  weights     BLOB NOT NULL CHECK (length(weights) = 32),
  law_version TEXT NOT NULL,
  json        TEXT NOT NULL
) STRICT;
INSERT INTO manifests VALUES(1,X'cbd5847653be2c480abaabfcab6f4c6cb585d523b23a36347cf05dcdf3695683',X'7d795c6670ec967e5a8d1f7f0e1b4a4eef3014c10d2d2a8bd7b781e56e04c12f','philox4x32-10/icdf-1','{"chunk_size":1048576,"law_version":"philox4x32-10/icdf-1","seed":"1","tensors":[{"digest":"sha256:66a3eeefed241589d2d54caff71a221b2856bea5a9bae4924e08da8960529ccd","dtype":"float32","law":{"law":"same_as","name":"w"},"name":"again","shape":[6,5],"stream":"17734696886724432"},{"digest":"sha256:78faf3e2fa84213bfc85cb0ab14f980318142861d737545e050f3bd03d4502f7","dtype":"float16","law":{"law":"constant","value":0},"name":"b","shape":[5],"stream":"5357375904281011006"},{"digest":"sha256:a5621af831ddbc140fc6f08c08e1787aa27f69deff2ba93d80ec7532935df490","dtype":"float32","law":{"law":"normal","mean":0,"std":0.5773502588272095},"name":"conv","shape":[4,2,3],"stream":"4152606720140821294"},{"digest":"sha256:30a18f5a8dd206c30e47ab075e580ad538b7f99da5efa1b025269d0511f49453","dtype":"bool","law":{"law":"literal"},"name":"mask","shape":[2,3],"stream":"6680010414020607816"},{"digest":"sha256:66a3eeefed241589d2d54caff71a221b2856bea5a9bae4924e08da8960529ccd","dtype":"float32","law":{"law":"normal","mean":0,"std":0.6324555277824402},"name":"w","shape":[6,5],"stream":"17734696886724432"}]}');
INSERT INTO manifests VALUES(2,X'a43a516486e1e4fbf92b9aa3ec885a66881a3fa7a6ccb82dc58efff2a6a450a4',X'1977a3fd7b767ecf6998fb0ce397cb51eb4c1e24786421b03bc7184c7e022583','philox4x32-10/icdf-1','{"chunk_size":1048576,"law_version":"philox4x32-10/icdf-1","seed":"2","tensors":[{"digest":"sha256:9ac946b87671f248d0cd40c0c720eccc2b8da7f1d57ea7ab0d63a10e580fe162","dtype":"float32","law":{"law":"same_as","name":"w"},"name":"again","shape":[6,5],"stream":"17734696886724432"},{"digest":"sha256:78faf3e2fa84213bfc85cb0ab14f980318142861d737545e050f3bd03d4502f7","dtype":"float16","law":{"law":"constant","value":0},"name":"b","shape":[5],"stream":"5357375904281011006"},{"digest":"sha256:8fdc674cac193e3a7aa1eb2bddbb73357f42638df4c1b1ce7fcd77fdc1966809","dtype":"float32","law":{"law":"normal","mean":0,"std":0.5773502588272095},"name":"conv","shape":[4,2,3],"stream":"4152606720140821294"},{"digest":"sha256:30a18f5a8dd206c30e47ab075e580ad538b7f99da5efa1b025269d0511f49453","dtype":"bool","law":{"law":"literal"},"name":"mask","shape":[2,3],"stream":"6680010414020607816"},{"digest":"sha256:9ac946b87671f248d0cd40c0c720eccc2b8da7f1d57ea7ab0d63a10e580fe162","dtype":"float32","law":{"law":"normal","mean":0,"std":0.6324555277824402},"name":"w","shape":[6,5],"stream":"17734696886724432"}]}');
INSERT INTO manifests VALUES(3,X'08222eaf90acdffaad97aedceca3e73ae9d0542030f9ccd25d7ed5fee0d4966e',X'4f883488c141e0f9087b14ff172cf02cf1b736a5a2ad7c7c339ff54cf2b72813','philox4x32-10/icdf-1','{"chunk_size":1048576,"law_version":"philox4x32-10/icdf-1","seed":"18446744073709551615","tensors":[{"digest":"sha256:ca39848945f84d7376940e326aff1d9d84d0da42fc3df21a1deeca8f42d6d718","dtype":"float32","law":{"law":"same_as","name":"w"},"name":"again","shape":[6,5],"stream":"17734696886724432"},{"digest":"sha256:78faf3e2fa84213bfc85cb0ab14f980318142861d737545e050f3bd03d4502f7","dtype":"float16","law":{"law":"constant","value":0},"name":"b","shape":[5],"stream":"5357375904281011006"},{"digest":"sha256:7292bd0852cd73f71d48ee341210d16c9d1d35c620bca85936d9c745b4a5ed0a","dtype":"float32","law":{"law":"normal","mean":0,"std":0.5773502588272095},"name":"conv","shape":[4,2,3],"stream":"4152606720140821294"},{"digest":"sha256:30a18f5a8dd206c30e47ab075e580ad538b7f99da5efa1b025269d0511f49453","dtype":"bool","law":{"law":"literal"},"name":"mask","shape":[2,3],"stream":"6680010414020607816"},{"digest":"sha256:ca39848945f84d7376940e326aff1d9d84d0da42fc3df21a1deeca8f42d6d718","dtype":"float32","law":{"law":"normal","mean":0,"std":0.6324555277824402},"name":"w","shape":[6,5],"stream":"17734696886724432"}]}');
INSERT INTO manifests VALUES(4,X'da319d36a9e3b12e2a7efcb5b6cdb3ac6c3ff7d413104cbefa514f4e4917111d',X'66f5973798f3a25f4384cc426ef3655d867a7f3232f24eca2c2c5fc5aed0f651','philox4x32-10/icdf-1','{"chunk_size":1048576,"law_version":"philox4x32-10/icdf-1","seed":"7","tensors":[{"digest":"sha256:72b4cee806a5e71a4aa536f4a3dd709311dcdc7b6e8310e50ed72f6fc3f882b0","dtype":"float32","law":{"law":"same_as","name":"w"},"name":"again","shape":[3,5],"stream":"17734696886724432"},{"digest":"sha256:78faf3e2fa84213bfc85cb0ab14f980318142861d737545e050f3bd03d4502f7","dtype":"float16","law":{"law":"constant","value":0},"name":"b","shape":[5],"stream":"5357375904281011006"},{"digest":"sha256:7d26be982af8ad84170dd1e275b3e17584bb9830a0ee96622d85b13d924bfd20","dtype":"float32","law":{"law":"normal","mean":0,"std":0.5773502588272095},"name":"conv","shape":[4,2,3],"stream":"4152606720140821294"},{"digest":"sha256:30a18f5a8dd206c30e47ab075e580ad538b7f99da5efa1b025269d0511f49453","dtype":"bool","law":{"law":"literal"},"name":"mask","shape":[2,3],"stream":"6680010414020607816"},{"digest":"sha256:72b4cee806a5e71a4aa536f4a3dd709311dcdc7b6e8310e50ed72f6fc3f882b0","dtype":"float32","law":{"law":"normal","mean":0,"std":0.6324555277824402},"name":"w","shape":[3,5],"stream":"17734696886724432"}]}');
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
INSERT INTO runs VALUES(1,'old/model',1,1,'1',1,5,65,352,'2026-11-24T23:06:43Z','0.1.0','{"hostname":"elsewhere","os":"Linux","architecture":"x86_64","processors":2}');
INSERT INTO runs VALUES(2,'old/model',2,2,'2',1,5,65,352,'2026-11-24T23:06:43Z','0.1.0','{"hostname":"elsewhere","os":"Linux","architecture":"x86_64","processors":2}');
INSERT INTO runs VALUES(3,'old/model',3,3,'18446744073709551615',0,5,65,352,'2026-11-24T23:06:43Z','0.1.0','{"hostname":"elsewhere","os":"Linux","architecture":"x86_64","processors":2}');
INSERT INTO runs VALUES(4,'other',1,4,'7',1,5,50,232,'2026-11-24T23:06:43Z','0.1.0','{"hostname":"elsewhere","os":"Linux","architecture":"x86_64","processors":2}');
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
INSERT INTO tensors VALUES(1,1,0,'w','float32','[6,5]','{"scheme":"he_normal","alias":"kaiming_normal","layout":"torch"}','{"law":"normal","mean":0,"std":0.6324555277824402}','17734696886724432',X'66a3eeefed241589d2d54caff71a221b2856bea5a9bae4924e08da8960529ccd',X'c892c8fd19064ef71f8c001063436a73db15bb6d4b9ce253d4bae2bb5f82ef8c');
INSERT INTO tensors VALUES(2,1,1,'b','float16','[5]','{"scheme":"zeros","layout":"torch"}','{"law":"constant","value":0}','5357375904281011006',X'78faf3e2fa84213bfc85cb0ab14f980318142861d737545e050f3bd03d4502f7',X'01d448afd928065458cf670b60f5a594d735af0172c8d67f22a81680132681ca');
INSERT INTO tensors VALUES(3,1,2,'conv','float32','[4,2,3]','{"scheme":"auto","activation":"relu","picked":"he_normal","because":"the activation is a rectifier","layout":"torch"}','{"law":"normal","mean":0,"std":0.5773502588272095}','4152606720140821294',X'a5621af831ddbc140fc6f08c08e1787aa27f69deff2ba93d80ec7532935df490',X'dea3fd3d9f7c41caffe7d0ba74f618aee5b1239c5bc6a427a5703f7919f94d4e');
INSERT INTO tensors VALUES(4,1,3,'mask','bool','[2,3]','{"scheme":"literal","from":"spec"}','{"law":"literal"}','6680010414020607816',X'30a18f5a8dd206c30e47ab075e580ad538b7f99da5efa1b025269d0511f49453',X'cadb8048d389403a76d11dc0bbd99cb34b0b79245cd53ab5bab530bc7240d423');
INSERT INTO tensors VALUES(5,1,4,'again','float32','[6,5]','{"scheme":"same_as","of":"w"}','{"law":"same_as","name":"w"}','17734696886724432',X'66a3eeefed241589d2d54caff71a221b2856bea5a9bae4924e08da8960529ccd',X'c892c8fd19064ef71f8c001063436a73db15bb6d4b9ce253d4bae2bb5f82ef8c');
INSERT INTO tensors VALUES(6,2,0,'w','float32','[6,5]','{"scheme":"he_normal","alias":"kaiming_normal","layout":"torch"}','{"law":"normal","mean":0,"std":0.6324555277824402}','17734696886724432',X'9ac946b87671f248d0cd40c0c720eccc2b8da7f1d57ea7ab0d63a10e580fe162',X'f7c20bd5da8c5ae821dcf1eca67fcbb9b67d1e7ee5126439f386cf296f27094a');
INSERT INTO tensors VALUES(7,2,1,'b','float16','[5]','{"scheme":"zeros","layout":"torch"}','{"law":"constant","value":0}','5357375904281011006',X'78faf3e2fa84213bfc85cb0ab14f980318142861d737545e050f3bd03d4502f7',X'01d448afd928065458cf670b60f5a594d735af0172c8d67f22a81680132681ca');
INSERT INTO tensors VALUES(8,2,2,'conv','float32','[4,2,3]','{"scheme":"auto","activation":"relu","picked":"he_normal","because":"the activation is a rectifier","layout":"torch"}','{"law":"normal","mean":0,"std":0.5773502588272095}','4152606720140821294',X'8fdc674cac193e3a7aa1eb2bddbb73357f42638df4c1b1ce7fcd77fdc1966809',X'37a0a605b47ff56199b5727a3f8bd88ab842e235a3e9136e3ffe9898b239e15c');
INSERT INTO tensors VALUES(9,2,3,'mask','bool','[2,3]','{"scheme":"literal","from":"spec"}','{"law":"literal"}','6680010414020607816',X'30a18f5a8dd206c30e47ab075e580ad538b7f99da5efa1b025269d0511f49453',X'cadb8048d389403a76d11dc0bbd99cb34b0b79245cd53ab5bab530bc7240d423');
INSERT INTO tensors VALUES(10,2,4,'again','float32','[6,5]','{"scheme":"same_as","of":"w"}','{"law":"same_as","name":"w"}','17734696886724432',X'9ac946b87671f248d0cd40c0c720eccc2b8da7f1d57ea7ab0d63a10e580fe162',X'f7c20bd5da8c5ae821dcf1eca67fcbb9b67d1e7ee5126439f386cf296f27094a');
INSERT INTO tensors VALUES(11,3,0,'w','float32','[6,5]','{"scheme":"he_normal","alias":"kaiming_normal","layout":"torch"}','{"law":"normal","mean":0,"std":0.6324555277824402}','17734696886724432',X'ca39848945f84d7376940e326aff1d9d84d0da42fc3df21a1deeca8f42d6d718',X'5670914873d4f987f434d467182664e0e4d0eef4591aa3ab7a8d98cbbd8e5242');
INSERT INTO tensors VALUES(12,3,1,'b','float16','[5]','{"scheme":"zeros","layout":"torch"}','{"law":"constant","value":0}','5357375904281011006',X'78faf3e2fa84213bfc85cb0ab14f980318142861d737545e050f3bd03d4502f7',X'01d448afd928065458cf670b60f5a594d735af0172c8d67f22a81680132681ca');
INSERT INTO tensors VALUES(13,3,2,'conv','float32','[4,2,3]','{"scheme":"auto","activation":"relu","picked":"he_normal","because":"the activation is a rectifier","layout":"torch"}','{"law":"normal","mean":0,"std":0.5773502588272095}','4152606720140821294',X'7292bd0852cd73f71d48ee341210d16c9d1d35c620bca85936d9c745b4a5ed0a',X'25bd3076b0f84e2bb346833c05649d270c2a8c3fe25e456681125a23f5393e0f');
INSERT INTO tensors VALUES(14,3,3,'mask','bool','[2,3]','{"scheme":"literal","from":"spec"}','{"law":"literal"}','6680010414020607816',X'30a18f5a8dd206c30e47ab075e580ad538b7f99da5efa1b025269d0511f49453',X'cadb8048d389403a76d11dc0bbd99cb34b0b79245cd53ab5bab530bc7240d423');
INSERT INTO tensors VALUES(15,3,4,'again','float32','[6,5]','{"scheme":"same_as","of":"w"}','{"law":"same_as","name":"w"}','17734696886724432',X'ca39848945f84d7376940e326aff1d9d84d0da42fc3df21a1deeca8f42d6d718',X'5670914873d4f987f434d467182664e0e4d0eef4591aa3ab7a8d98cbbd8e5242');
INSERT INTO tensors VALUES(16,4,0,'w','float32','[3,5]','{"scheme":"he_normal","alias":"kaiming_normal","layout":"torch"}','{"law":"normal","mean":0,"std":0.6324555277824402}','17734696886724432',X'72b4cee806a5e71a4aa536f4a3dd709311dcdc7b6e8310e50ed72f6fc3f882b0',X'e1bc26158dfc751523bc44906c5877eba558870e204de5989e98f2e64b76cae2');
INSERT INTO tensors VALUES(17,4,1,'b','float16','[5]','{"scheme":"zeros","layout":"torch"}','{"law":"constant","value":0}','5357375904281011006',X'78faf3e2fa84213bfc85cb0ab14f980318142861d737545e050f3bd03d4502f7',X'01d448afd928065458cf670b60f5a594d735af0172c8d67f22a81680132681ca');
INSERT INTO tensors VALUES(18,4,2,'conv','float32','[4,2,3]','{"scheme":"auto","activation":"relu","picked":"he_normal","because":"the activation is a rectifier","layout":"torch"}','{"law":"normal","mean":0,"std":0.5773502588272095}','4152606720140821294',X'7d26be982af8ad84170dd1e275b3e17584bb9830a0ee96622d85b13d924bfd20',X'04bdf29730f3d573a761d44cfaa525370af79f6a18eec2c8ae3f4374032e5f8d');
INSERT INTO tensors VALUES(19,4,3,'mask','bool','[2,3]','{"scheme":"literal","from":"spec"}','{"law":"literal"}','6680010414020607816',X'30a18f5a8dd206c30e47ab075e580ad538b7f99da5efa1b025269d0511f49453',X'cadb8048d389403a76d11dc0bbd99cb34b0b79245cd53ab5bab530bc7240d423');
INSERT INTO tensors VALUES(20,4,4,'again','float32','[3,5]','{"scheme":"same_as","of":"w"}','{"law":"same_as","name":"w"}','17734696886724432',X'72b4cee806a5e71a4aa536f4a3dd709311dcdc7b6e8310e50ed72f6fc3f882b0',X'e1bc26158dfc751523bc44906c5877eba558870e204de5989e98f2e64b76cae2');
CREATE TABLE chunks (
  id     INTEGER PRIMARY KEY,
  digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
  size   INTEGER NOT NULL CHECK (size BETWEEN 1 AND 1048576),
  bytes  BLOB NOT NULL CHECK (length(bytes) = size)
) STRICT;
INSERT INTO chunks VALUES(1,X'c892c8fd19064ef71f8c001063436a73db15bb6d4b9ce253d4bae2bb5f82ef8c',120,X'801c7dbee2d9743e2436313f19c254bfc94dad3c1e38d8bea59e6cbeb019743eff2ebe3ec86a07bf455bccbe9ab489be4a24df3ecac488bfc2482d3ed563643f8040743ff6aa923e018393bf0d24de3e08d76fbed3f0dfbeb25963be32c7e8bef044963e957fdebeae34593fddf595bf890dbebd06e1943e');
INSERT INTO chunks VALUES(2,X'01d448afd928065458cf670b60f5a594d735af0172c8d67f22a81680132681ca',10,X'00000000000000000000');
INSERT INTO chunks VALUES(3,X'dea3fd3d9f7c41caffe7d0ba74f618aee5b1239c5bc6a427a5703f7919f94d4e',96,X'5b7e893e44e763bdef58853e83a4f53e0452833ea787933d9f97d6beb95023bfc8afef3e1af64c3d3b249cbe08ea22bf842f9e3f6aba4bbf81c34b3eabd328beccbc0fbfe4b62c3ffcf66a3e21fbcb3eeda32f3f8f78073ffb3ad33e10236ebf');
INSERT INTO chunks VALUES(4,X'cadb8048d389403a76d11dc0bbd99cb34b0b79245cd53ab5bab530bc7240d423',6,X'010000010100');
INSERT INTO chunks VALUES(5,X'f7c20bd5da8c5ae821dcf1eca67fcbb9b67d1e7ee5126439f386cf296f27094a',120,X'795f0bbf45c1d1befec5cdbe3f1c12be204e363f20bb4fbde8ffc63e2890a53e31a3493e1cdd793c7965503fc832be3ee1c587be8d684dbe799fcabd77c9953e5f7a883f39c49abf31a642bf973c6ebe327386beb8aa3b3f769e823e1df320bfb7edb53daf2e743f413536bfc9e160beb6bde9bef1a0b8bf');
INSERT INTO chunks VALUES(6,X'37a0a605b47ff56199b5727a3f8bd88ab842e235a3e9136e3ffe9898b239e15c',96,X'bbe45c3f5d8cd93d0934353f284010bf60ddce3e9bdcd3be47eb73bee884563e364736bee1ec603f4eaaddbd0cab22be68f9ca3e1b932e3f89a900c0b28338bee6d50abf1d5adfbecfb24cbe4f65cf3ee04fa53d8bb72dbf1d7a0a3f91c7a23f');
INSERT INTO chunks VALUES(7,X'e1bc26158dfc751523bc44906c5877eba558870e204de5989e98f2e64b76cae2',60,X'2720863ead71b7be0392bd3e6890c23ed28965be523faebfe34c46bfb4e6023fcad6a3be0c24503f74cae23eb131ba3c0d5979bec0cbbb3e0f3bacbd');
INSERT INTO chunks VALUES(8,X'04bdf29730f3d573a761d44cfaa525370af79f6a18eec2c8ae3f4374032e5f8d',96,X'15ba9ebfd621a8be8e4155bf6aa64fbfdc5c0bbf28d3e23e240569be657a3abb285687be6368cb3fe4f4cfbe7de55dbfbf64123fc7370abe4295a1be7ad099beb70596bf11d161bf81ce3fbfb7bbaf3e6dc16bbf1d220dbea5ebebbe2d9c423f');
CREATE TABLE tensor_chunks (
  tensor   INTEGER NOT NULL REFERENCES tensors (id),
  position INTEGER NOT NULL,
  chunk    INTEGER NOT NULL REFERENCES chunks (id),
  PRIMARY KEY (tensor, position)
) STRICT, WITHOUT ROWID;
INSERT INTO tensor_chunks VALUES(1,0,1);
INSERT INTO tensor_chunks VALUES(5,0,1);
INSERT INTO tensor_chunks VALUES(2,0,2);
INSERT INTO tensor_chunks VALUES(7,0,2);
INSERT INTO tensor_chunks VALUES(17,0,2);
INSERT INTO tensor_chunks VALUES(3,0,3);
INSERT INTO tensor_chunks VALUES(4,0,4);
INSERT INTO tensor_chunks VALUES(9,0,4);
INSERT INTO tensor_chunks VALUES(14,0,4);
INSERT INTO tensor_chunks VALUES(19,0,4);
INSERT INTO tensor_chunks VALUES(6,0,5);
INSERT INTO tensor_chunks VALUES(10,0,5);
INSERT INTO tensor_chunks VALUES(8,0,6);
INSERT INTO tensor_chunks VALUES(16,0,7);
INSERT INTO tensor_chunks VALUES(20,0,7);
INSERT INTO tensor_chunks VALUES(18,0,8);
CREATE INDEX runs_by_manifest ON runs (manifest);
CREATE INDEX tensor_chunks_by_chunk ON tensor_chunks (chunk);
COMMIT;
