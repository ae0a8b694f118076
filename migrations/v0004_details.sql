-- The seed of a tensor, where it is not the seed of the run: decimal text, as in `runs`.
ALTER TABLE tensors ADD COLUMN seed TEXT;

-- The preset that a run's spec used: its name, the prefix of the names, and the value and the source of each option.
-- JSON; null for a run without a preset and for runs of earlier versions.
ALTER TABLE runs ADD COLUMN preset TEXT;

-- What a run's files said besides its tensors. JSON: `skipped`, the names of the tensors of `like` that the spec skips,
-- and `metadata`, the metadata of an imported checkpoint.
ALTER TABLE runs ADD COLUMN details TEXT NOT NULL DEFAULT '{}';
