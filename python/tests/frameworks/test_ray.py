"""winit.dist over Ray: the example."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

pytest.importorskip("ray")

from dist_support import model, reference_id, run_example

SETTINGS = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "disabled", "RAY_DISABLE_IMPORT_WARNING": "1"}


def test_the_example_prints_the_id(tmp_path: Path) -> None:
    model().save(tmp_path / "recipe.json")
    # The paths of Ray's sockets must be short.
    with tempfile.TemporaryDirectory(prefix="ray", dir="/tmp") as folder:
        done = run_example("ray_id.py", tmp_path, "recipe.json", "5", RAY_TMPDIR=folder, **SETTINGS)
    lines = done.stdout.split()
    assert lines and lines[-1] == reference_id(model()), done.stderr
