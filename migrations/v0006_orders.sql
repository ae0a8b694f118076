-- The runs of an experiment in the orders of a list other than that of their creation, so that a page reads no other
-- run. A run without an experiment has no entry.
CREATE INDEX runs_by_experiment_and_name ON runs (experiment, deleted_at, name, version) WHERE experiment IS NOT NULL;
CREATE INDEX runs_by_experiment_and_parameters ON runs (experiment, deleted_at, parameter_count)
  WHERE experiment IS NOT NULL;
