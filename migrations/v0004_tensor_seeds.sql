-- The seed of a tensor, where it is not the seed of the run: decimal text, as in `runs`.
ALTER TABLE tensors ADD COLUMN seed TEXT;
