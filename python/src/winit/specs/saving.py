"""A spec as YAML, and its literals beside it (docs/spec.md)."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from os import PathLike
from typing import TYPE_CHECKING, Any

from .. import reference
from ..errors import BadInput
from ..quoting import counted, quoted
from ..recipes.dtypes import FLOATING_LIMITS
from ..recipes.laws import checked_law, has_literal
from ..recipes.literals import CHUNK_SIZE, Literal
from ..safetensors import header_bytes
from ..whole_files import write_whole
from .grouping import grouped
from .numbers import Number
from .schemes import scheme
from .yaml_text import comment, flow, member, scalar

if TYPE_CHECKING:
    from .spec import Spec, SpecTensor

_Given = tuple[str, str, tuple[int, ...], Literal]


def yaml_and_literals(spec: Spec, literals_name: str | None) -> tuple[str, list[_Given]]:
    """Returns the YAML of a spec, and the tensors of the file that it takes literals from.

    Args:
        spec: The spec, which has no unresolved tensors.
        literals_name: The name of that file in the folder of the spec; None if there will be none.

    Raises:
        BadInput: If no spec gives a law, or there are literals and no file for them.
    """
    given = list[_Given]()
    extra = list[str]()
    members = dict[str, dict[str, Any]]()
    streams = {reference.name_stream(tensor.name): tensor.name for tensor in spec.tensors}
    streams |= {reference.name_stream(name): name for tensor in spec.tensors for name in tensor.stream_names}
    names = {tensor.name for tensor in spec.tensors}
    for tensor in spec.tensors:
        try:
            law = checked_law(tensor.law)
            literals = list(_literals(tensor, law, names, given, extra))
            init, keys = scheme(law, tensor.dtype, tensor.shape, literals, streams)
        except BadInput as error:
            raise BadInput(f"tensor {quoted(tensor.name)}: {error}") from None
        members[tensor.name] = {"init": init, **keys}
        if tensor.seed is not None and tensor.tied_to is None:
            members[tensor.name]["seed"] = Number(tensor.seed)
    if given and literals_name is None:
        raise BadInput(f"the spec has {counted(len(given), 'literal')}, whose bytes a text cannot hold; use save()")
    return "\n".join(_lines(spec, members, literals_name if given else None, extra)) + "\n", given


def _literals(
    tensor: SpecTensor, law: Any, names: set[str], given: list[_Given], extra: list[str]
) -> Iterator[dict[str, Any]]:
    """Yields the init of each literal of a tensor, and adds its bytes to the file."""
    if not has_literal(law):
        return
    shapes = [tensor.shape]
    if law["law"] == "parts":
        boxes = [part["box"] for part in law["parts"] if part["law"]["law"] == "literal"]
        shapes = [tuple(stop - start for start, stop in box) + tensor.shape[len(box) :] for box in boxes]
    if len(tensor.literals) != len(shapes):
        raise BadInput(f"it needs {counted(len(shapes), 'literal')}, and has {len(tensor.literals)}")
    for number, (literal, shape) in enumerate(zip(tensor.literals, shapes, strict=True)):
        if number == 0:
            given.append((tensor.name, tensor.dtype, shape, literal))
            yield {"scheme": "literal", "from": "like"}
            continue
        name = f"{tensor.name}.literal.{number}"
        while name in names:
            name += "_"
        names.add(name)
        extra.append(name)
        given.append((name, tensor.dtype, shape, literal))
        yield {"scheme": "literal", "from": "like", "of": name}


def _lines(
    spec: Spec, members: dict[str, dict[str, Any]], literals_name: str | None, extra: list[str]
) -> Iterator[str]:
    yield from _head(spec)
    floating = Counter(tensor.dtype for tensor in spec.tensors if tensor.dtype in FLOATING_LIMITS)
    default = floating.most_common(1)[0][0] if floating else "float32"
    yield f"dtype: {default}"
    yield "layout: torch"
    if literals_name is not None:
        yield f"like: {scalar(literals_name)}  # the bytes of literals"
    rules, alone = grouped(members)
    origins = {tensor.name: tensor.origin for tensor in spec.tensors}
    yield "tensors:" if spec.tensors or extra else "tensors: {}"
    for tensor in spec.tensors:
        entry: dict[str, Any] = {"shape": list(tensor.shape)}
        if tensor.dtype != default:
            entry["dtype"] = tensor.dtype
        entry |= alone.get(tensor.name, {})
        remark = "; ".join(filter(None, (_kind(tensor), origins[tensor.name] if tensor.name in alone else "")))
        text = member(tensor.name, entry["shape"] if len(entry) == 1 else entry)
        yield f"  {text}" + (f"  {comment(remark)}" if remark else "")
    for name in extra:
        yield "  " + member(name, {"init": "skip"})
    if rules:
        yield "rules:"
    for rule in rules:
        origin = origins[rule.first]
        yield f"  - {flow({'match': rule.pattern, **rule.members})}" + (f"  {comment(origin)}" if origin else "")


def _kind(tensor: SpecTensor) -> str:
    if not tensor.buffer:
        return ""
    return "buffer" if tensor.persistent else "buffer that the state dict leaves out"


def _head(spec: Spec) -> Iterator[str]:
    from .. import __version__

    yield comment(f"The initialization of {spec.model or 'a model'}, written by winit {__version__}.")
    if spec.software:
        yield comment("Decided by " + ", ".join(f"{name} {version}" for name, version in spec.software.items()) + ".")
    for assumption in spec.assumptions:
        yield comment(f"Assumption: {assumption}")
    yield "# winit-registry create NAME --spec THIS_FILE --seed SEED"


def save(spec: Spec, path: str | PathLike[str], force: bool) -> None:
    """Writes a spec, and its literals beside it. All files appear, or none.

    Args:
        spec: The spec.
        path: The path, which ends in `.yaml` or `.yml`.
        force: Replace files that exist.
    """
    path = os.fspath(path)
    stem, ending = os.path.splitext(path)
    if ending not in (".yaml", ".yml"):
        raise BadInput(f"the name of a spec ends in .yaml; {quoted(path)} does not")
    literals_path = stem + ".like.safetensors"  # a recipe of this name has its own file of literals
    text, given = yaml_and_literals(spec, os.path.basename(literals_path))
    files = list[tuple[str, Iterable[bytes]]]()
    if given:
        files.append((literals_path, _bytes(given)))
    files.append((path, [text.encode("utf-8")]))
    write_whole(files, force=force)


def _bytes(given: list[_Given]) -> Iterator[bytes]:
    header, order = header_bytes(((name, dtype, shape) for name, dtype, shape, _ in given), {"format": "pt"})
    yield header
    literals = {name: literal for name, _, _, literal in given}
    for name in order:
        literal = literals[name]
        for start in range(0, literal.byte_count, CHUNK_SIZE):
            yield literal.read(start, min(start + CHUNK_SIZE, literal.byte_count))
