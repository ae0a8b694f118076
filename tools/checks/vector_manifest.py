"""A manifest with every addition: `manifest-additions.json` and its ids."""

from __future__ import annotations

from winit import reference
from winit.reference import Tensor

from .vector_expressions import boxes as expression_boxes
from .vector_structures import ROOT_2, SEED, batches, literal_bytes, literals, orthogonal, repeated_streams
from .vector_structures import boxes as structure_boxes
from .vector_text import MADE, text_file


def tensors() -> list[Tensor]:
    """One tensor for each form that a manifest can hold."""
    v = Tensor("v", "float32", (6, 3, 5), reference.normal(std=0.5), seed=11)
    tied = Tensor("tied", "float32", v.shape, {"law": "same_as", "name": "v"}, v.word_stream, 11, source=v)
    angle = ["/", ["index", 0], ["pow", 10000, ["/", ["*", ["index", 1], 2], 128]]]
    found = [
        v,
        tied,
        Tensor("A_log", "float32", (64,), reference.expression(["log", "draw"], reference.uniform(0, 16))),
        Tensor("dt", "bfloat16", (64,), reference.log_uniform(0.001, 0.1)),
        Tensor("pe", "float64", (32, 64), reference.expression(["sin", angle])),
        Tensor("folded", "float32", (3,), reference.expression(["log", 2])),
        Tensor("g", "float32", (6, 1, 1), {"law": "norm_of", "axes": [1, 2], "name": "v"}, source=v),
        Tensor("u", "float32", (33,), orthogonal(1, ROOT_2)),
        Tensor("mirrored.std", "float32", (9,), reference.normal(std=-0.5)),
        Tensor("own.seed", "int64", (2,), reference.constant(3), seed=0),
        Tensor("same.seed", "float32", (2,), reference.normal(), seed=SEED),
        Tensor("delta", "float32", (6, 4, 3), {"law": "delta_orthogonal", "gain": 1, "layout": "torch"}),
        Tensor("dirac", "float32", (3, 4, 6), {"law": "dirac", "groups": 1, "layout": "keras"}),
        Tensor("scales", "float8_e8m0fnu", (8,), {"law": "literal"}, literals=(literal_bytes("scales", 8),)),
    ]
    others = [expression_boxes, batches, structure_boxes, repeated_streams, literals]
    for cases in others:
        for index, case in enumerate(cases()):
            t = case.tensor
            name = f"{cases.__module__.rsplit('_', 1)[1]}.{cases.__name__}.{index}.{t.name}"
            found.append(Tensor(name, t.dtype, t.shape, t.law, t.stream, t.seed, t.literals, t.source))
    return found


def additions_manifest() -> bytes:
    return reference.manifest_bytes(SEED, tensors())


def additions_ids() -> bytes:
    manifest = additions_manifest()
    comments = [
        "The ids that belong to manifest-additions.json (which holds the manifest's exact bytes, no final newline),",
        "and the bytes of its literals.",
        "Columns: what; its value. For a literal: the tensor's name; its number, from 0, among the tensor's literals;",
        "its bytes, hex.",
        MADE,
    ]
    rows: list[tuple[object, ...]] = [
        ("seed", SEED),
        ("id", reference.manifest_id(manifest)),
        ("weights", reference.weights_digest(manifest)),
    ]
    for tensor in sorted(tensors(), key=lambda t: t.name.encode()):
        rows += [("literal", tensor.name, index, data.hex()) for index, data in enumerate(tensor.literals)]
    return text_file(comments, rows)
