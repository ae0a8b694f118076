"""The callbacks, in the trainers of Lightning (under both names) and of Hugging Face."""

from __future__ import annotations

import importlib
import json
import logging
import os
import pickle
import subprocess
import sys
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import winit  # noqa: E402
import winit.torch  # noqa: E402
from winit import reference  # noqa: E402

LAWS: dict[str, Any] = {
    "weight": ("float32", (2, 3), reference.normal(std=0.5)),
    "bias": ("float32", (2,), reference.constant(0.0)),
}
RECIPE = winit.Recipe.from_laws(7, LAWS)


def filled() -> Any:
    linear = nn.Linear(3, 2)
    winit.torch.init_(linear, RECIPE)
    return linear


def changed() -> Any:
    linear = filled()
    with torch.no_grad():
        linear.weight[1, 2] += 1
    return linear


def lightning_module(lightning: Any, linear: Any) -> Any:
    class Module(lightning.LightningModule):  # type: ignore[misc]  # untyped
        def __init__(self) -> None:
            super().__init__()
            self.model = linear

        def training_step(self, batch: Any, _: int) -> Any:
            return self.model(batch).sum()

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), lr=0.1)

    return Module()


def fit(
    lightning: Any, folder: Any, linear: Any, callback: Any, logger: Any = False, max_steps: int = 2, **options: Any
) -> Any:
    trainer = lightning.Trainer(
        max_steps=max_steps,
        accelerator="cpu",
        callbacks=[callback],
        logger=logger,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=folder,
    )
    trainer.fit(lightning_module(lightning, linear), torch.utils.data.DataLoader(torch.ones(4, 3)), **options)
    return trainer


@pytest.mark.filterwarnings("ignore")
def test_lightning_starts_only_with_the_weights_of_the_run_and_logs_the_id(lightning: Any, tmp_path: Any) -> None:
    logged = list[Any]()
    logger = importlib.import_module(f"{lightning.__name__}.loggers").CSVLogger(tmp_path)
    callback = winit.torch.WinitCallback(RECIPE, module="model", log=logged.append)
    assert isinstance(callback, lightning.Callback) and isinstance(callback, winit.torch.WinitCallback)
    trainer = fit(lightning, tmp_path, filled(), callback, logger)
    assert trainer.global_step == 2
    expected = {"winit.id": RECIPE.compute_id(), "winit.seed": "7"}
    assert logged == [expected]
    assert all(text in (tmp_path / "lightning_logs/version_0/hparams.yaml").read_text() for text in expected.values())

    linear = changed()
    before = linear.weight.detach().clone()
    with pytest.raises(winit.Mismatch, match=r"weight.*\[1, 2\]"):
        fit(lightning, tmp_path, linear, winit.torch.WinitCallback(RECIPE, module="model"))
    assert torch.equal(linear.weight, before)


@pytest.mark.filterwarnings("ignore")
def test_lightning_does_not_verify_weights_that_are_resumed(lightning: Any, tmp_path: Any, caplog: Any) -> None:
    first = fit(lightning, tmp_path, filled(), winit.torch.WinitCallback(RECIPE, module="model"))
    first.save_checkpoint(tmp_path / "at.ckpt")
    callback = winit.torch.WinitCallback(RECIPE, module="model")
    with caplog.at_level(logging.INFO, "winit"):
        second = fit(lightning, tmp_path, filled(), callback, max_steps=4, ckpt_path=tmp_path / "at.ckpt")
    assert second.global_step == 4
    assert "not verified" in caplog.text


def test_a_callback_of_lightning_can_be_pickled(lightning: Any) -> None:
    copy = pickle.loads(pickle.dumps(winit.torch.WinitCallback(RECIPE, rename={"a": "b"}, subset=True)))
    assert isinstance(copy, lightning.Callback)
    assert copy._check.run == RECIPE and copy._check.rename == {"a": "b"} and copy._check.subset


@pytest.mark.filterwarnings("ignore")
def test_a_part_that_the_model_has_not_is_named(lightning: Any, tmp_path: Any) -> None:
    with pytest.raises(winit.BadInput, match="no part `backbone`"):
        fit(lightning, tmp_path, filled(), winit.torch.WinitCallback(RECIPE, module="backbone"))


@pytest.mark.filterwarnings("ignore")
def test_a_part_can_be_a_function_and_names_can_change(lightning: Any, tmp_path: Any) -> None:
    fit(lightning, tmp_path, filled(), winit.torch.WinitCallback(RECIPE, module=lambda model: model.model))
    renamed = winit.torch.WinitCallback(RECIPE, rename=lambda name: name.removeprefix("model."))
    fit(lightning, tmp_path, filled(), renamed)


def train(transformers: Any, folder: Any, linear: Any, *callbacks: Any, resume: bool = False, **options: Any) -> Any:
    class Model(nn.Module):  # type: ignore[misc]  # untyped
        def __init__(self) -> None:
            super().__init__()
            self.model = linear

        def forward(self, x: Any) -> Any:
            return {"loss": self.model(x).sum()}

    arguments = transformers.TrainingArguments(
        output_dir=folder,
        max_steps=options.pop("max_steps", 2),
        use_cpu=True,
        disable_tqdm=True,
        save_steps=2,
        per_device_train_batch_size=1,
        dataloader_pin_memory=False,
        **{"report_to": [], **options},
    )
    data = [{"x": torch.ones(3)} for _ in range(4)]
    trainer = transformers.Trainer(Model(), arguments, train_dataset=data, callbacks=list(callbacks))
    trainer.train(resume_from_checkpoint=resume)
    return trainer


def test_the_trainer_starts_only_with_the_weights_of_the_run_and_logs_the_id(transformers: Any, tmp_path: Any) -> None:
    pytest.importorskip("accelerate")
    logged = list[Any]()
    callback = winit.torch.WinitTrainerCallback(RECIPE, module="model", log=logged.append)
    assert isinstance(callback, transformers.TrainerCallback)
    trainer = train(transformers, tmp_path, filled(), callback)
    assert trainer.state.global_step == 2
    expected = {"winit.id": RECIPE.compute_id(), "winit.seed": "7"}
    assert logged == [expected]
    history = json.loads((tmp_path / "checkpoint-2/trainer_state.json").read_text())["log_history"]
    assert history[0] == {**expected, "epoch": 0.0, "step": 0}

    linear = changed()
    before = linear.weight.detach().clone()
    with pytest.raises(winit.Mismatch, match=r"weight.*\[1, 2\]"):
        train(transformers, tmp_path, linear, winit.torch.WinitTrainerCallback(RECIPE, module="model"))
    assert torch.equal(linear.weight, before)


def test_the_trainer_does_not_verify_weights_that_are_resumed(transformers: Any, tmp_path: Any, caplog: Any) -> None:
    pytest.importorskip("accelerate")
    train(transformers, tmp_path, filled())
    with caplog.at_level(logging.INFO, "winit"):
        callback = winit.torch.WinitTrainerCallback(RECIPE, module="model")
        trainer = train(transformers, tmp_path, filled(), callback, resume=True, max_steps=4)
    assert trainer.state.global_step == 4
    assert "not verified" in caplog.text


def test_the_active_runs_of_trackers_get_the_parameters(monkeypatch: Any) -> None:
    from types import SimpleNamespace

    from winit.torch.callbacks.trackers import tell_trackers

    told = list[Any]()
    config = SimpleNamespace(update=lambda params, allow_val_change: told.append(("wandb", params)))
    mlflow = SimpleNamespace(active_run=lambda: object(), log_params=lambda params: told.append(("mlflow", params)))
    monkeypatch.setitem(sys.modules, "wandb", SimpleNamespace(run=object(), config=config))
    monkeypatch.setitem(sys.modules, "mlflow", mlflow)
    tell_trackers(["mlflow", "tensorboard"], {"winit.id": "x"})
    tell_trackers("wandb", {"winit.id": "x"})
    tell_trackers([], {"winit.id": "x"})
    assert told == [("mlflow", {"winit.id": "x"}), ("wandb", {"winit.id": "x"})]


def test_importing_winit_torch_imports_no_framework() -> None:
    code = (
        "import sys, winit.torch\n"
        "dir(winit.torch)\n"
        "assert not {'torch', 'lightning', 'pytorch_lightning', 'transformers'} & set(sys.modules)\n"
        "import winit.torch.callbacks\n"
        "from winit.torch import init_, fill_, load_into, noise, verify, state_dict\n"
        "assert not {'torch._dynamo', 'lightning', 'transformers', 'sympy'} & set(sys.modules)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
