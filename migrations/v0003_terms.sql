-- Two tables get names that say what they hold. The tables are made again and not renamed, because the text that a rename
-- leaves in the schema is the choice of the SQLite version that runs it.

-- The schemes (as written, their aliases, and what `auto` picked) and dtypes that occur in a run, to find runs by.
CREATE TABLE run_terms (
  kind TEXT NOT NULL CHECK (kind IN ('scheme', 'dtype')),
  term TEXT NOT NULL,
  run  INTEGER NOT NULL REFERENCES runs (id),
  PRIMARY KEY (kind, term, run)
) STRICT, WITHOUT ROWID;

INSERT INTO run_terms (kind, term, run) SELECT kind, word, run FROM words;
DROP TABLE words;
CREATE INDEX run_terms_by_run ON run_terms (run);

-- A verification of many runs, which can be resumed after an interruption.
CREATE TABLE verification_passes (
  id          INTEGER PRIMARY KEY,
  started_at  TEXT NOT NULL,
  selection   TEXT NOT NULL,         -- JSON: which runs, at which level
  finished_at TEXT
) STRICT;

INSERT INTO verification_passes (id, started_at, selection, finished_at)
SELECT id, started_at, selection, finished_at FROM passes;

-- The outcomes of a verification so far, now with a reference to the table above.
CREATE TEMP TABLE earlier_pass_runs AS SELECT pass, run, matches FROM pass_runs;
DROP TABLE pass_runs;
DROP TABLE passes;

CREATE TABLE pass_runs (
  pass    INTEGER NOT NULL REFERENCES verification_passes (id),
  run     TEXT NOT NULL,             -- the run's uid
  matches INTEGER NOT NULL CHECK (matches IN (0, 1)),
  PRIMARY KEY (pass, run)
) STRICT, WITHOUT ROWID;

INSERT INTO pass_runs (pass, run, matches) SELECT pass, run, matches FROM temp.earlier_pass_runs;
DROP TABLE temp.earlier_pass_runs;
