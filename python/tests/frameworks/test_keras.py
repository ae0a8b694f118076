"""winit.keras.Initializer, in layers of the real Keras."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import winit

keras = pytest.importorskip("keras")

from winit.keras import Initializer  # noqa: E402

RECIPE = winit.Recipe.from_laws(
    42,
    {
        "dense/kernel": ("float32", (4, 3), winit.reference.normal(std=0.02)),
        "dense/bias": ("float32", (3,), winit.reference.uniform(-1, 1)),
        "half": ("bfloat16", (4, 3), winit.reference.normal(std=0.02)),
        "given": ("float32", (2,), {"law": "same_as", "name": "other"}),
        "other": ("float32", (2,), winit.reference.constant(1.0)),
    },
)


def test_the_weights_of_a_layer_are_those_of_the_recipe() -> None:
    layer = keras.layers.Dense(
        3, kernel_initializer=Initializer(RECIPE, "dense/kernel"), bias_initializer=Initializer(RECIPE, "dense/bias")
    )
    layer.build((None, 4))
    for variable, name in ((layer.kernel, "dense/kernel"), (layer.bias, "dense/bias")):
        found = keras.ops.convert_to_numpy(variable)
        assert found.tobytes() == winit.reference.canonical_bytes(42, _tensor(name))


def _tensor(name: str) -> winit.reference.Tensor:
    tensor = RECIPE[name]
    return winit.reference.Tensor(name, tensor.dtype, tensor.shape, tensor.law)  # type: ignore[arg-type]


def test_bfloat16_weights_have_the_bits_of_the_recipe() -> None:
    made = Initializer(RECIPE, "half")((4, 3), dtype="bfloat16")
    assert keras.backend.standardize_dtype(made.dtype) == "bfloat16"
    found = np.asarray(keras.ops.convert_to_numpy(keras.ops.cast(made, "float32")))
    assert (found == RECIPE["half"][...].astype(np.float32)).all()


def test_another_shape_or_dtype_is_refused() -> None:
    initializer = Initializer(RECIPE, "dense/kernel")
    with pytest.raises(winit.BadInput, match=r"\[3, 4\]"):
        initializer((3, 4))
    with pytest.raises(winit.BadInput, match="float16"):
        initializer((4, 3), dtype="float16")
    with pytest.raises(winit.NotFound):
        Initializer(RECIPE, "nothing")


def test_a_saved_model_gives_the_same_bits_without_a_registry(tmp_path: Path) -> None:
    model = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(3, kernel_initializer=Initializer(RECIPE, "dense/kernel"))]
    )
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")  # in Keras's safe mode
    initializer = again.layers[0].kernel_initializer
    assert isinstance(initializer, Initializer)
    assert initializer.recipe == RECIPE["dense/kernel"]
    fresh = keras.models.clone_model(again)
    assert (keras.ops.convert_to_numpy(fresh.layers[0].kernel) == RECIPE["dense/kernel"][...]).all()


def test_a_configuration_with_a_changed_recipe_is_refused() -> None:
    config = Initializer(RECIPE, "dense/kernel").get_config()
    with pytest.raises(winit.BadInput):
        Initializer.from_config({**config, "recipe": config["recipe"].replace("normal", "norm")})


def test_a_tied_tensor_has_no_configuration() -> None:
    with pytest.raises(winit.BadInput, match="tied"):
        Initializer(RECIPE, "given").get_config()
