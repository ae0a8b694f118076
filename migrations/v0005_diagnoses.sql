-- The diagnoses that are kept with runs: for each run at most one of its weights, and one of the real model that had them.
CREATE TABLE diagnoses (
  id      INTEGER PRIMARY KEY,
  run     INTEGER NOT NULL REFERENCES runs (id),
  kind    TEXT NOT NULL CHECK (kind IN ('weights', 'model')),
  made_at TEXT NOT NULL,                -- UTC, ISO 8601
  json    TEXT NOT NULL,                -- the document winit-diagnosis/1; `subject.id` is the id of the run
  UNIQUE (run, kind)
) STRICT;
