-- Multiplies the only run of a registry, in row 1: afterwards there are :runs of them. The others have a hundred names.
-- many_runs.py executes the statements, and gives them the function sha256.
--
-- Everything that the copies say is true, so that `doctor` and `verify` find nothing. The first run must have the seed 1
-- and two tensors: `b` of zeros, of 64 elements, and `w` with a standard deviation of 0, whose elements are 0 with every
-- seed. A copy has a seed of its own and a `b` of another length, and therefore a manifest, an id and a number of
-- parameters of its own.

BEGIN;

-- What the copies have from the first run. Reading it from these tables, instead of the tables that are written, spares
-- SQLite a temporary copy of all new rows.
CREATE TEMP TABLE first AS
  SELECT runs.*, law_version, json FROM runs JOIN manifests ON manifests.id = runs.manifest;
CREATE TEMP TABLE first_tensors AS SELECT * FROM tensors;
CREATE TEMP TABLE first_terms AS SELECT * FROM run_terms;
CREATE TEMP TABLE first_event AS SELECT * FROM history WHERE action = 'create';

-- The lengths of `b`: the number of elements that a copy adds, and what follows from it.
-- There are 997 of them, a prime, so that a length says nothing about the experiment and the tag of a copy.
CREATE TEMP TABLE lengths (
  added INTEGER PRIMARY KEY, elements INTEGER, chunks BLOB, digest BLOB, json TEXT, weights BLOB);
INSERT INTO lengths (added, elements, chunks)
  WITH RECURSIVE n (added) AS (SELECT 0 UNION ALL SELECT added + 1 FROM n WHERE added < 996)
  SELECT added, 64 + added, sha256(zeroblob(4 * (64 + added))) FROM n;
UPDATE lengths SET digest = sha256(chunks);
-- A manifest lists its tensors by name: `b`, then `w`.
UPDATE lengths SET json = (
  SELECT json_set(json, '$.tensors[0].shape', json_array(elements),
                  '$.tensors[0].digest', 'sha256:' || lower(hex(digest))) FROM first);
UPDATE lengths SET weights = sha256((
  SELECT json_group_array(json_array(json_extract(value, '$.name'), json_extract(value, '$.shape'),
                                     json_extract(value, '$.dtype'), json_extract(value, '$.digest')))
  FROM json_each(lengths.json, '$.tensors')));

-- The copies: a row, a length, and a time, one second apart and none in the future.
CREATE TEMP TABLE copies (
  id INTEGER PRIMARY KEY, name TEXT, version INTEGER, added INTEGER, at TEXT, uid TEXT);
INSERT INTO copies
  WITH RECURSIVE n (id) AS (SELECT 2 WHERE :runs > 1 UNION ALL SELECT id + 1 FROM n WHERE id < :runs)
  SELECT n.id, 'model-' || ((n.id - 2) % 100), (n.id - 2) / 100 + 1, n.id % 997,
         strftime('%Y-%m-%dT%H:%M:%SZ', created_at, '-' || (:runs - n.id) || ' seconds'),
         lower(hex(randomblob(16)))
  FROM n, first;

INSERT INTO manifests (id, digest, weights, law_version, json)
  SELECT copies.id, sha256(replace(lengths.json, '"seed":"1"', '"seed":"' || copies.id || '"')), weights, law_version,
         replace(lengths.json, '"seed":"1"', '"seed":"' || copies.id || '"')
  FROM copies JOIN lengths USING (added), first;
INSERT INTO names (name, last_version) SELECT name, max(version) FROM copies GROUP BY name;
INSERT INTO runs (id, name, version, manifest, seed, stored, tensor_count, parameter_count, byte_count, created_at,
                  tool_version, host, uid, experiment)
  SELECT copies.id, copies.name, copies.version, copies.id, copies.id, stored, tensor_count, parameter_count + added,
         byte_count + 4 * added, at, tool_version, host, copies.uid, 'e' || (copies.id % 50)
  FROM copies, first;
INSERT INTO tensors (run, position, name, dtype, shape, scheme, law, stream, digest, chunk_digests)
  SELECT copies.id, position, first_tensors.name, dtype,
         CASE first_tensors.name WHEN 'b' THEN json_array(elements) ELSE shape END, scheme, law, stream,
         CASE first_tensors.name WHEN 'b' THEN lengths.digest ELSE first_tensors.digest END,
         CASE first_tensors.name WHEN 'b' THEN lengths.chunks ELSE chunk_digests END
  FROM copies JOIN lengths USING (added), first_tensors;
INSERT INTO run_terms (kind, term, run) SELECT kind, term, copies.id FROM copies, first_terms;
INSERT INTO tags (run, key, value) SELECT id, 'k', id % 7 FROM copies;
INSERT INTO history (at, action, run, reference, detail, actor)
  SELECT copies.at, action, copies.uid, copies.name || ':v' || copies.version, detail, actor
  FROM copies, first_event;

COMMIT;
