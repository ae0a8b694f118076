"""winit for MLflow: a run of MLflow says which initialization it started from, and gives it back."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, is_dataclass
from os import PathLike
from typing import Any

import mlflow

from .errors import BadInput, Finding, NotFound, Unavailable
from .recipes import Recipe

_FOLDER = "winit"
_RECIPE = "recipe.json"
_LITERALS = "recipe.literals.safetensors"
_FINDINGS = "findings.json"
_PARAMETERS = ("winit.reference", "winit.id", "winit.seed", "winit.weights")


@dataclass(frozen=True)
class Logged:
    """What a run of MLflow says about its initialization.

    Attributes:
        params: `winit.reference`, `winit.id`, `winit.seed` and `winit.weights`, as far as they were logged.
        recipe: The recipe, or None if it was not logged.
        findings: What a comparison or an audit found, as objects (docs/json.md).
    """

    params: Mapping[str, str]
    recipe: Recipe | None
    findings: tuple[Mapping[str, Any], ...]


def log(
    run: Recipe | str | PathLike[str], findings: Iterable[Any] = (), *, run_id: str | None = None
) -> dict[str, str]:
    """Logs an initialization to a run of MLflow: parameters, the recipe as an artifact, and findings.

    Args:
        run: A run, a recipe, a reference such as "gpt2@sha256:e6dc", or the path of a recipe file. The id of a recipe
            is computed if it is not known, which makes every byte once.
        findings: The findings of a comparison (`winit.compare`, `Mismatch.findings`) or of an audit.
        run_id: The id of MLflow's run; the active run by default.

    Returns:
        The parameters that were logged.

    Raises:
        BadInput: If no run of MLflow is active, and none is named.
        NotFound: If there is no such run or recipe.

    Example:
        >>> with mlflow.start_run():  # doctest: +SKIP
        ...     winit.mlflow.log("gpt2@sha256:e6dc")
    """
    if not isinstance(run, Recipe):
        from .opening import open

        run = open(run)
    run_id = _active(run_id)
    params = parameters(run)
    found = [_object(finding) for finding in findings]
    client = mlflow.MlflowClient()
    with tempfile.TemporaryDirectory(prefix="winit-") as folder:
        # A run of a registry is written as its recipe. Literals are in a file beside it.
        run.save(os.path.join(folder, _RECIPE))
        with _new_file(os.path.join(folder, _FINDINGS)) as file:
            json.dump(found, file, indent=1)
        for name, value in params.items():
            client.log_param(run_id, name, value)
        client.set_tag(run_id, "winit.findings", str(len(found)))
        client.log_artifacts(run_id, folder, _FOLDER)
    return params


def read(run_id: str) -> Logged:
    """Reads what `log` wrote to a run of MLflow.

    The recipe is from the artifacts, which anyone with access to the server can change. It is checked as any recipe
    file is, and its id must be the logged one.

    Args:
        run_id: The id of MLflow's run.

    Raises:
        NotFound: If the run of MLflow does not exist, or nothing of winit was logged to it.
        BadInput: If the recipe is not valid, or does not have the logged id.
    """
    client = mlflow.MlflowClient()
    try:
        data = client.get_run(run_id).data
    except mlflow.exceptions.MlflowException as error:
        raise NotFound(f"MLflow has no run {run_id}: {error}") from None
    params = {name: data.params[name] for name in _PARAMETERS if name in data.params}
    if not params:
        raise NotFound(f"the run {run_id} of MLflow has no parameters of winit. winit.mlflow.log writes them")
    listed = {os.path.basename(item.path) for item in client.list_artifacts(run_id, _FOLDER)}
    names = listed & {_RECIPE, _LITERALS, _FINDINGS}
    recipe, findings = None, tuple[Mapping[str, Any], ...]()
    with tempfile.TemporaryDirectory(prefix="winit-") as folder:
        base = os.path.join(folder, "read")
        os.mkdir(base)
        for name in names:
            os.replace(client.download_artifacts(run_id, f"{_FOLDER}/{name}", folder), os.path.join(base, name))
        if _RECIPE in names:
            recipe = _in_memory(Recipe.load(os.path.join(base, _RECIPE)))
        if _FINDINGS in names:
            findings = _findings(os.path.join(base, _FINDINGS))
    known = params.get("winit.id")
    if recipe is not None and known and recipe.id != known:
        raise BadInput(f"the recipe of the run {run_id} of MLflow has the id {recipe.id}, and {known} was logged")
    return Logged(params, recipe, findings)


def parameters(run: Recipe) -> dict[str, str]:
    """Returns the parameters that identify a run or a recipe, for any tracking tool: W&B, Aim and others.

    Args:
        run: The run or the recipe; its id is computed if it is not known.
    """
    as_params = getattr(run, "as_params", None)
    if as_params is not None:
        found: dict[str, str] = as_params()
        return found
    made = {"winit.id": run.id or run.compute_id(), "winit.weights": run.weights or ""}
    return made if run.seed is None else {**made, "winit.seed": str(run.seed)}


def _active(run_id: str | None) -> str:
    if run_id is not None:
        return run_id
    active = mlflow.active_run()
    if active is None:
        raise BadInput("no run of MLflow is active. Call this within mlflow.start_run(), or pass run_id")
    found: str = active.info.run_id
    return found


def _object(finding: Any) -> dict[str, Any]:
    """Returns a finding as JSON has it: members that are not known are left out."""
    if isinstance(finding, Finding) or is_dataclass(finding):
        members: Mapping[str, Any] = asdict(finding)  # type: ignore[arg-type]
    elif isinstance(finding, Mapping):
        members = finding
    else:
        raise BadInput(f"a {type(finding).__name__} is not a finding")
    return {key: _plain(value) for key, value in members.items() if value is not None}


def _plain(value: Any) -> Any:
    as_list = getattr(value, "tolist", None)  # an array of indices
    return as_list() if as_list is not None else value


def _new_file(path: str) -> Any:
    """Opens a new text file of the temporary folder."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8")


def _in_memory(recipe: Recipe) -> Recipe:
    """Returns the recipe with its literals in memory, because the folder of the artifacts is temporary."""
    from dataclasses import replace

    from .recipes import BytesLiteral

    made: dict[str, Any] = {}

    def kept(tensor: Any) -> Any:
        if tensor.name not in made:
            literals = tuple(BytesLiteral(literal.read(0, literal.byte_count)) for literal in tensor.literals)
            source = None if tensor.source is None else kept(tensor.source)
            made[tensor.name] = replace(tensor, literals=literals, source=source)
        return made[tensor.name]

    return Recipe(recipe.seed, [kept(tensor) for tensor in recipe.values()], recipe.id)


def _findings(path: str) -> tuple[Mapping[str, Any], ...]:
    from .strict_json import parse

    try:
        with open(path, "rb") as file:
            found = parse(file.read(1 << 26))
    except OSError as error:
        raise Unavailable(f"{path} cannot be read: {error}") from None
    if not isinstance(found, list) or not all(isinstance(finding, dict) for finding in found):
        raise BadInput(f"the artifact {_FOLDER}/{_FINDINGS} is not a list of findings")
    return tuple(found)
