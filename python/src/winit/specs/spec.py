"""A model's initialization without a seed, as `winit.torch.capture` makes it or a YAML file describes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from os import PathLike
from typing import Any

from .. import reference
from ..errors import BadInput
from ..quoting import counted, quoted
from ..recipes import Literal, Recipe, TensorRecipe
from ..recipes.checking import checked_seed
from ..recipes.display import html_table, law_summary
from ..recipes.laws import law_text
from ..recipes.references import linked


@dataclass(frozen=True)
class SpecTensor:
    """How one tensor is initialized.

    Attributes:
        name: The name of the tensor.
        shape: The lengths of the axes.
        dtype: The dtype as docs/manifest.md names it.
        law: The law as a manifest holds it (docs/manifest.md), with the numbers that the fill uses.
        literals: The given bytes of a literal, or of the literal parts in their order.
        buffer: True for a buffer, false for a parameter.
        persistent: False for a buffer that the state dict leaves out.
        origin: Where the law comes from, for people, such as "torch.nn.init.kaiming_uniform_ of Linear".
        seed: A seed of the tensor's own, 0 ..< 2^64; None for that of the run.
        stream_names: The names of the streams of parts that have a stream of their own; a law holds only their hashes.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    law: Mapping[str, Any]
    literals: tuple[Literal, ...] = ()
    buffer: bool = False
    persistent: bool = True
    origin: str = ""
    seed: int | None = None
    stream_names: tuple[str, ...] = ()

    @property
    def tied_to(self) -> str | None:
        """The name of the tensor whose bytes this one shares, or None."""
        return self.law["name"] if self.law["law"] == "same_as" else None


@dataclass(frozen=True)
class Spec:
    """A model's initialization without a seed, resolved to laws.

    Attributes:
        tensors: The tensors, in the order of the model. A tied tensor has the law `same_as`.
        unresolved: Name and reason of each tensor that no law describes. `recipe` and `save` raise if there are any.
        assumptions: Sentences about what the laws rest on.
        model: The class of the model, "package.module.Class", or None.
        software: Name and version of the libraries that decided the laws, such as {"torch": "2.13.0"}.

    Example:
        >>> from winit import reference
        >>> spec = Spec((SpecTensor("w", (4, 3), "float32", reference.normal(std=0.02)),))
        >>> print(spec.to_yaml().split("layout: torch")[1].strip())
        tensors:
          w: {shape: [4, 3], init: {scheme: normal, std: 0.02}}
    """

    tensors: tuple[SpecTensor, ...]
    unresolved: Mapping[str, str] = field(default_factory=dict)
    assumptions: tuple[str, ...] = ()
    model: str | None = None
    software: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def load(
        cls, path: str | PathLike[str], *, like: str | PathLike[str] | None = None, dtype: str | None = None
    ) -> Spec:
        """Reads a spec in YAML (docs/spec.md), which the command `winit-registry` resolves.

        Args:
            path: The path of the YAML file.
            like: The checkpoint to take names, shapes and dtypes from, in place of `like` of the spec.
            dtype: The dtype of floating-point tensors, in place of that of the spec.

        Raises:
            BadInput: If the spec is not valid; the text names file, line and tensor.
            NotFound: If there is no such file.
            Unavailable: If there is no command.
        """
        import os

        from .loading import from_command

        path = os.path.abspath(os.fspath(path))
        return from_command([f"--spec={path}"], b"", os.path.dirname(path), like, dtype)

    @classmethod
    def from_yaml(
        cls, text: str | PathLike[str], *, like: str | PathLike[str] | None = None, dtype: str | None = None
    ) -> Spec:
        """Reads a spec from a YAML text, as `load` reads a file. A path of `like` in it is relative to the folder.

        Args:
            text: The YAML; or the path of a file, as a `pathlib.Path`.
            like: As `load`.
            dtype: As `load`.
        """
        from .loading import from_command

        if not isinstance(text, str):
            return cls.load(text, like=like, dtype=dtype)
        return from_command(["--spec=-"], text.encode("utf-8", "surrogatepass"), "", like, dtype)

    @classmethod
    def from_preset(
        cls,
        name: str,
        like: str | PathLike[str],
        *,
        options: Mapping[str, object] | None = None,
        dtype: str | None = None,
    ) -> Spec:
        """Makes a spec of a library's own initialization (docs/presets.md).

        Args:
            name: The name of the preset, such as "gpt2".
            like: The checkpoint to take names, shapes and dtypes from.
            options: Options of the preset; the defaults are `assumptions` of the spec.
            dtype: The dtype of floating-point tensors, in place of that of the checkpoint.

        Raises:
            BadInput: If the preset does not know a tensor, or an option is not valid.
            NotFound: If there is no such file.
            Unavailable: If there is no command.
        """
        from .loading import from_command

        given = [f"--preset-option={key}={_option(value)}" for key, value in (options or {}).items()]
        return from_command([f"--preset={name}", *given], b"", "", like, dtype)

    def recipe(self, seed: int) -> Recipe:
        """Makes the recipe for a seed: no registry, no bytes.

        Args:
            seed: The seed of the run, 0 ..< 2^64.

        Returns:
            The recipe. Each tensor has the stream of its name, a tied one that of its target; digests are not known.

        Raises:
            BadInput: If tensors are unresolved, or a law does not fit its tensor.
        """
        self._require_resolved()
        return Recipe(seed, _tensor_recipes(self.tensors, checked_seed(seed)))

    def to_yaml(self) -> str:
        """Returns the spec as YAML, which the command resolves to exactly these laws.

        Raises:
            BadInput: If tensors are unresolved, no spec gives a law, or the spec has literals.
        """
        from .saving import yaml_and_literals

        self.recipe(0)  # checks every law
        return yaml_and_literals(self, None)[0]

    def save(self, path: str | PathLike[str], *, force: bool = False) -> None:
        """Writes the spec as YAML (docs/spec.md), and its literals to a safetensors file beside it.

        The command resolves the file to exactly these laws. Tensors whose names differ in numbers only share a rule
        where their laws are equal, so that a person can review the file.

        Args:
            path: The path, which ends in `.yaml`.
            force: Replace files that exist.

        Raises:
            BadInput: If tensors are unresolved, no spec gives a law, a file exists, or the path ends otherwise.
            NotFound: If the folder does not exist.
            Unavailable: If a file cannot be written.
        """
        from .saving import save

        self.recipe(0)  # checks every law
        save(self, path, force)

    def _require_resolved(self) -> None:
        if self.unresolved:
            name, reason = next(iter(self.unresolved.items()))
            count = counted(len(self.unresolved), "unresolved tensor")
            raise BadInput(f"the spec has {count}; {quoted(name)}: {reason}")

    def __repr__(self) -> str:
        """Returns model and size on one line."""
        unresolved = f", {len(self.unresolved)} unresolved" if self.unresolved else ""
        return f"Spec({self.model or 'no model'}, {counted(len(self.tensors), 'tensor')}{unresolved})"

    def _repr_html_(self) -> str:
        """Returns a table of the tensors for notebooks."""
        unresolved = [(name, "", "", f"unresolved: {reason}", "") for name, reason in self.unresolved.items()]
        rows = [(t.name, str(list(t.shape)), t.dtype, law_summary(t.law), t.origin) for t in self.tensors]
        head = ("tensor", "shape", "dtype", "law", "origin")
        return html_table(repr(self), head, [*unresolved, *rows], len(self.tensors) + len(unresolved))


def _tensor_recipes(tensors: Iterable[SpecTensor], seed: int) -> list[TensorRecipe]:
    by_name = dict[str, SpecTensor]()
    for tensor in tensors:
        if tensor.name in by_name:
            raise BadInput(f"two tensors have the name {quoted(tensor.name)}")
        by_name[tensor.name] = tensor

    def made(name: str, source: TensorRecipe | None) -> TensorRecipe:
        tensor = by_name[name]
        try:
            text = law_text(tensor.law)
        except BadInput as error:
            raise BadInput(f"tensor {quoted(name)}: {error}") from None
        stream, own = reference.name_stream(name), seed if tensor.seed is None else tensor.seed
        if tensor.tied_to is not None and source is not None:
            stream, own = source.stream, source.seed
        shape = tuple(map(int, tensor.shape))
        return TensorRecipe(name, shape, tensor.dtype, text, stream, own, None, source, tensor.literals)

    return linked({name: _source_name(tensor) for name, tensor in by_name.items()}, made)


def _option(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _source_name(tensor: SpecTensor) -> str | None:
    return tensor.law["name"] if tensor.law.get("law") in ("same_as", "norm_of") else None
