"""winit.dist over Dask: the example, and a task that fails."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("dask.distributed")

from dask.distributed import Client, LocalCluster

import winit
from dist_support import model, reference_id, run_example


def test_the_example_prints_the_id(tmp_path: Path) -> None:
    model().save(tmp_path / "recipe.json")
    done = run_example("dask_id.py", tmp_path, "recipe.json", "5")
    assert done.stdout.strip() == reference_id(model()), done.stderr


def test_the_error_of_a_task_is_that_of_the_caller() -> None:
    recipe = model()
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        part = client.submit(winit.dist.digests, recipe, [("none", 0, 1)])
        with pytest.raises(winit.BadInput, match="the tensor `none` of a share is not in the recipe"):
            client.gather(part)
