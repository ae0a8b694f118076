"""winit for Keras: an initializer that gives the values of one tensor of a recipe or a run."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import Any

import keras

from .errors import BadInput
from .quoting import quoted
from .recipes import Recipe, TensorRecipe


@keras.saving.register_keras_serializable(package="winit")
class Initializer(keras.initializers.Initializer):  # type: ignore[misc]
    """Gives a weight the values of one tensor of a recipe or a run.

    Keras tells an initializer shape and dtype, and no name, so each initializer is for one tensor. Its configuration
    holds the recipe of the tensor, next to reference and id: a saved model gives the same bits without the registry.

    Args:
        run: A run, a recipe, a reference such as "mlp@sha256:e6dc", or the path of a recipe file.
        tensor: The name of the tensor.

    Raises:
        NotFound: If there is no such run or tensor.

    Example:
        >>> import keras, winit
        >>> from winit.keras import Initializer
        >>> recipe = winit.Recipe.from_laws(42, {"dense/kernel": ("float32", (4, 3), winit.reference.normal(std=0.02))})
        >>> layer = keras.layers.Dense(3, kernel_initializer=Initializer(recipe, "dense/kernel"))
        >>> layer.build((None, 4))
        >>> bool((keras.ops.convert_to_numpy(layer.kernel) == recipe["dense/kernel"][...]).all())
        True
    """

    def __init__(self, run: Recipe | str | PathLike[str], tensor: str) -> None:
        """Finds the tensor. Nothing is filled before Keras asks for the values."""
        if not isinstance(run, Recipe):
            from .opening import open

            run = open(run)
        self._recipe = run[tensor]
        self._reference: str | None = getattr(run, "reference", None)
        self._id = run.id

    @property
    def recipe(self) -> TensorRecipe:
        """The recipe of the tensor."""
        return self._recipe

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Any:
        """Makes the values.

        Args:
            shape: The shape of the weight, which must be that of the tensor.
            dtype: The dtype of the weight, which must be that of the tensor.

        Returns:
            A tensor of the backend of Keras.

        Raises:
            BadInput: If shape or dtype differ.
        """
        if tuple(shape) != self._recipe.shape:
            raise BadInput(
                f"the weight has the shape {list(shape)}, and the tensor {quoted(self._recipe.name)} "
                f"{list(self._recipe.shape)}"
            )
        wanted = self._recipe.dtype if dtype is None else keras.backend.standardize_dtype(dtype)
        if wanted != self._recipe.dtype:
            raise BadInput(f"the weight is {wanted}, and the tensor {quoted(self._recipe.name)} {self._recipe.dtype}")
        made = keras.ops.convert_to_tensor(self._recipe[...], dtype=wanted)
        if keras.backend.standardize_dtype(made.dtype) != wanted:
            raise BadInput(
                f"the backend {keras.backend.backend()} holds no {wanted}, which {quoted(self._recipe.name)} needs"
            )
        return made

    def get_config(self) -> dict[str, Any]:
        """Returns the configuration: the recipe of the tensor as JSON, its name, reference and id.

        Raises:
            BadInput: If the tensor holds literals, which no JSON has.
        """
        from .recipes.laws import has_literal

        name = self._recipe.name
        alone = Recipe(self._recipe.seed, [self._recipe]) if self._recipe.source is None else None
        if alone is None or has_literal(self._recipe.law):
            raise BadInput(
                f"the values of {quoted(name)} are given, tied or a norm, so its recipe is not in one tensor"
            )
        return {"recipe": alone.dumps(), "tensor": name, "reference": self._reference, "id": self._id}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Initializer:
        """Makes the initializer of a configuration. It opens no file.

        Raises:
            BadInput: If the recipe in it is not valid.
        """
        made = cls(Recipe.loads(config["recipe"]), config["tensor"])
        made._reference, made._id = config.get("reference"), config.get("id")
        return made
