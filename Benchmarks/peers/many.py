"""A registry of 100,000 runs: list, list with filters, show, create of a tiny model; and the start of the command."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from .harness import Bench

RUNS = 100_000
SPEC = """\
tensors: {w: [64, 64], b: [64]}
rules:
  - {match: b, init: zeros}
  - {match: w, init: {scheme: normal, std: 0.02}}
"""


def multiply(path: Path) -> None:
    """Copies the only run under a hundred names, each copy with a manifest and tensors of its own."""
    db = sqlite3.connect(path)
    db.executescript(
        f"""
        BEGIN;
        CREATE TEMP TABLE numbers AS
          WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < {RUNS}) SELECT i FROM n;
        INSERT INTO manifests (id, digest, weights, law_version, json)
          SELECT i, randomblob(32), randomblob(32), law_version, json FROM numbers, manifests WHERE id = 1;
        INSERT INTO runs (id, name, version, manifest, seed, stored, tensor_count, parameter_count, byte_count,
                          created_at, tool_version, host, uid, experiment)
          SELECT i, 'model-' || (i % 100), i, i, i, stored, tensor_count, parameter_count + i, byte_count, created_at,
                 tool_version, host, lower(hex(randomblob(16))), 'e' || (i % 50) FROM numbers, runs WHERE id = 1;
        INSERT INTO names (name, last_version) SELECT 'model-' || (i % 100), max(i) FROM numbers GROUP BY 1;
        INSERT INTO run_terms (kind, term, run) SELECT kind, term, i FROM numbers, run_terms WHERE run = 1;
        INSERT INTO tags (run, key, value) SELECT i, 'k', i % 7 FROM numbers;
        INSERT INTO tensors (run, position, name, dtype, shape, scheme, law, stream, digest, chunk_digests)
          SELECT i, position, name, dtype, shape, scheme, law, stream, digest, chunk_digests
          FROM numbers, tensors WHERE run = 1;
        COMMIT;
        """
    )
    db.close()


def measure(bench: Bench) -> None:
    bench.say("a registry of 100,000 runs …")
    where = ("--registry", "many")
    (bench.work / "tiny.yaml").write_text(SPEC)

    def create(seed: int, peak: str | None = None) -> float:
        return bench.run("create", "tiny", "--spec", "tiny.yaml", "--seed", seed, "--recipe-only", *where, peak=peak)

    create(1)
    multiply(bench.work / "many")
    times = range(max(10, bench.rounds))
    listed = [bench.run("list", "--limit", 50, *where, peak="list.100k.peak.mb") for _ in times]
    filters = ("--experiment", "e3", "--tag", "k=3", "--scheme", "normal", "--dtype", "f32", "--sort", "parameters")
    filtered = [bench.run("list", "model-*", *filters, "--limit", 50, *where) for _ in times]
    shown = [bench.run("show", "model-7", *where) for _ in times]
    created = [create(2 + i, peak="create.100k.peak.mb") for i in times]
    started = [bench.run("version", peak="version.peak.mb") for _ in times]
    bench.value("list.100k.ms", [1000 * s for s in listed], 50)
    bench.value("list.100k.filtered.ms", [1000 * s for s in filtered], 50)
    bench.value("show.100k.ms", [1000 * s for s in shown])
    bench.value("create.100k.ms", [1000 * s for s in created])
    bench.value("version.ms", [1000 * s for s in started], 20)
    bench.clear("many", "tiny")
