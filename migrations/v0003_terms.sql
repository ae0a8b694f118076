-- Two tables and a column get names that say what they hold. A rename reads none of the rows, so that it works in a file
-- whose rows are damaged, which `doctor --repair` then rebuilds. The index of the first table keeps its name, because only
-- a new index can have another.
PRAGMA legacy_alter_table = OFF;

-- The schemes (as written, their aliases, and what `auto` picked) and dtypes that occur in a run, to find runs by.
ALTER TABLE words RENAME TO run_terms;
ALTER TABLE run_terms RENAME COLUMN word TO term;

-- The verifications of many runs, which can be resumed after an interruption.
ALTER TABLE passes RENAME TO verification_passes;
