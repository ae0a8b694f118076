"""Specs in YAML, which the command resolves to laws."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from os import PathLike
from typing import Any

from ..errors import BadInput
from ..quoting import quoted
from ..recipes import BytesLiteral, Recipe
from ..recipes.checking import checked_shape
from ..recipes.laws import checked_law, decimal64, has_literal
from ..recipes.literals import FileLiteral, Literal
from ..safetensors import Header, read_header
from .spec import Spec, SpecTensor


def from_command(
    options: list[str], text: bytes, folder: str, like: str | PathLike[str] | None, dtype: str | None
) -> Spec:
    """Resolves a spec by `create --dry-run`.

    Args:
        options: `--spec` or `--preset`, with the value.
        text: What the command reads from standard input.
        folder: The folder that a path of `like` in the spec is relative to.
        like: The checkpoint to take names, shapes and dtypes from.
        dtype: The dtype of floating-point tensors.

    Raises:
        BadInput: If the spec is not valid; the text names file, line and tensor.
        Unavailable: If there is no command.
    """
    from ..registry import command

    arguments = ["create", *options, "--seed=0"]
    if like is not None:
        folder, like = "", os.path.abspath(os.fspath(like))
        arguments.append(f"--like={like}")
    if dtype is not None:
        arguments.append(f"--dtype={dtype}")
    answer = command.run([*arguments, "--dry-run"], "spec", input=text)
    rows = answer.get("tensors")
    if not isinstance(rows, list):
        raise BadInput("the command did not answer with a list of tensors; it is no winit-registry of this version")
    given = _Literals(os.path.join(folder, str(answer.get("like") or "")), arguments, text)
    tensors = tuple(_tensor(row, given) for row in rows)
    assumptions = [str(warning) for warning in answer.get("warnings", [])]
    assumptions += _preset_assumptions(answer.get("preset"))
    return Spec(tensors, assumptions=tuple(assumptions))


def _tensor(row: Mapping[str, Any], given: _Literals) -> SpecTensor:
    name, law, seed = row["name"], checked_law(row["law"]), row.get("seed")
    shape = checked_shape(row["shape"])
    literals = given.of(name, law, row) if has_literal(law) else ()
    return SpecTensor(
        name,
        shape,
        row["dtype"],
        law,
        literals,
        origin=_origin(row),
        seed=None if seed is None else decimal64(seed),
        stream_names=tuple(_stream_names(row.get("init"))),
    )


def _stream_names(init: object) -> Iterator[str]:
    """Yields the names of the streams of parts; `{n}` stands for the number of a box that repeats."""
    for part in init.get("parts", []) if isinstance(init, Mapping) else []:
        name = part.get("stream_of")
        if name is not None and "repeat" in part:
            yield from (name.replace("{n}", str(number)) for number in range(part["repeat"]["count"]))
        elif name is not None:
            yield name


def _origin(row: Mapping[str, Any]) -> str:
    place = row.get("from") or {}
    match = f", rule {quoted(place['match'])}" if place.get("match") else ""
    line = f", line {place['line']}" if place.get("line") else ""
    return f"{row.get('scheme', '')} of {os.path.basename(str(place.get('file', 'the spec')))}{match}{line}"


def _preset_assumptions(preset: object) -> list[str]:
    if not isinstance(preset, Mapping):
        return []
    options = preset.get("options") or {}
    return [
        f"option {name} of the preset is {option.get('value')}, its default"
        for name, option in options.items()
        if isinstance(option, Mapping) and option.get("from") == "default"
    ]


class _Literals:
    """The given bytes of a spec: in `like`, or else in a run that is recorded for this and thrown away."""

    def __init__(self, like: str, arguments: list[str], text: bytes) -> None:
        self._like, self._arguments, self._text = like, arguments, text
        self._header: Header | None = None
        self._recipe: Recipe | None = None

    def of(self, name: str, law: Mapping[str, Any], row: Mapping[str, Any]) -> tuple[Literal, ...]:
        init = row.get("init") or {}
        if law["law"] == "literal" and init.get("from") == "like" and self._like.endswith(".safetensors"):
            if self._header is None:
                self._header = read_header(self._like)
            entry = self._header.entries.get(init.get("of", name))
            if entry is not None and entry.dtype == row["dtype"]:
                return (FileLiteral(self._header.path, entry.offset, entry.byte_count, entry.name),)
        return tuple(BytesLiteral(literal.read(0, literal.byte_count)) for literal in self._recorded()[name].literals)

    def _recorded(self) -> Recipe:
        from ..registry import command

        if self._recipe is None:
            with tempfile.TemporaryDirectory(prefix="winit-") as folder:
                registry, path = os.path.join(folder, "spec.sqlite"), os.path.join(folder, "spec.json")
                command.run([*self._arguments, "--recipe-only"], "spec", registry=registry, input=self._text)
                command.run(["export", "--manifest", f"--output={path}"], "spec", registry=registry)
                recipe = Recipe.load(path)
                self._recipe = Recipe.loads(recipe.dumps(), _bytes(recipe))
        return self._recipe


def _bytes(recipe: Recipe) -> dict[str, bytes]:
    from ..recipes.hashing import literal_tensor_pieces

    return {tensor.name: b"".join(literal_tensor_pieces(tensor)) for tensor in recipe.values() if tensor.has_literal}
