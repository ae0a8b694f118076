"""winit.dist in other processes: a pool, an array job, and a process that has no framework."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from dist_support import environment, model, reference_id, run_example
from winit import dist
from winit.distributing.process_groups import device_type


def test_a_pool_of_processes_computes_the_id() -> None:
    recipe = model()
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        done = list(pool.map(partial(dist.digests, recipe, threads=1), dist.shares(recipe, 5), timeout=120))
    assert dist.assemble(recipe, done) == reference_id(model())


def test_the_import_brings_no_framework_and_no_registry() -> None:
    program = "import sys, winit.dist; print([m for m in ('torch', 'jax', 'sqlite3', 'tqdm') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment(), check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("backend", "kind"),
    [
        ("gloo", "cpu"),
        ("mpi", "cpu"),
        ("undefined", "cpu"),  # init_process_group() without a backend
        ("cpu:gloo", "cpu"),
        ("nccl", "cuda"),
        ("cuda:nccl", "cuda"),
        ("cpu:gloo,cuda:nccl", "cpu"),
        ("xccl", "xpu"),
    ],
)
def test_a_backend_gathers_tensors_of_its_devices(backend: str, kind: str) -> None:
    assert device_type(backend) == kind


def test_the_example_of_an_array_job_prints_the_id(tmp_path: Path) -> None:
    model().save(tmp_path / "recipe.json")
    for task in ("2", "0", "1"):
        done = run_example("array_job.py", tmp_path, "digests", "recipe.json", "3", SLURM_ARRAY_TASK_ID=task)
        assert done.returncode == 0, done.stderr
    done = run_example("array_job.py", tmp_path, "assemble", "recipe.json")
    assert done.stdout.strip() == reference_id(model()), done.stderr
    (tmp_path / "recipe.share-1.json").unlink()
    done = run_example("array_job.py", tmp_path, "assemble", "recipe.json")
    assert done.returncode != 0
    assert "chunks are missing" in done.stderr
