"""winit.mlflow, with a real MLflow server on the loopback interface that keeps its runs in SQLite."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import winit

mlflow = pytest.importorskip("mlflow")

import winit.mlflow as tracking  # noqa: E402

RECIPE = winit.Recipe.from_laws(42, {"w": ("float32", (8, 5), winit.reference.normal(std=0.02))})


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("mlflow")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    words += [
        "--backend-store-uri",
        f"sqlite:///{folder}/mlflow.db",
        "--artifacts-destination",
        str(folder / "artifacts"),
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log, cwd=folder, start_new_session=True)
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 240
        while True:
            try:
                urllib.request.urlopen(f"{address}/health", timeout=5).read()
                break
            except OSError:
                assert process.poll() is None and time.monotonic() < deadline, (folder / "log").read_text()[-2000:]
                time.sleep(0.2)
        mlflow.set_tracking_uri(address)
        yield address
    finally:
        os.killpg(process.pid, 15)
        process.wait(timeout=60)


def test_a_recipe_comes_back_from_the_server(server: str) -> None:
    findings = winit.compare({"w": RECIPE.with_seed(43)["w"][...]}, RECIPE)
    with mlflow.start_run() as active:
        params = tracking.log(RECIPE, findings)
    stored = mlflow.MlflowClient().get_run(active.info.run_id).data  # what the server says
    assert stored.params["winit.id"] == RECIPE.compute_id() == params["winit.id"]
    assert stored.params["winit.seed"] == "42" and stored.tags["winit.findings"] == "1"
    logged = tracking.read(active.info.run_id)
    assert logged.recipe == RECIPE and logged.params["winit.weights"] == RECIPE.weights
    assert logged.findings[0]["tensor"] == "w" and logged.findings[0]["differing_elements"] == 40
    assert (logged.recipe["w"][...] == RECIPE["w"][...]).all()


def test_a_recipe_that_was_replaced_on_the_server_is_refused(server: str, tmp_path: Path) -> None:
    with mlflow.start_run() as active:
        tracking.log(RECIPE)
    other = RECIPE.with_seed(43)
    other.compute_id()
    other.save(tmp_path / "recipe.json")
    mlflow.MlflowClient().log_artifact(active.info.run_id, str(tmp_path / "recipe.json"), "winit")
    with pytest.raises(winit.BadInput, match="was logged"):
        tracking.read(active.info.run_id)


def test_without_a_run_of_mlflow_nothing_is_logged(server: str) -> None:
    with pytest.raises(winit.BadInput, match="start_run"):
        tracking.log(RECIPE)
    with pytest.raises(winit.NotFound):
        tracking.read("0" * 32)
    with mlflow.start_run() as active:
        pass
    with pytest.raises(winit.NotFound, match="winit"):
        tracking.read(active.info.run_id)


def test_the_parameters_of_a_recipe_are_texts() -> None:
    found: dict[str, Any] = tracking.parameters(RECIPE)
    assert found == {"winit.id": RECIPE.id, "winit.weights": RECIPE.weights, "winit.seed": "42"}
