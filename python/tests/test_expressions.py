"""The law `expression` (docs/law.md, "Expressions")."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from winit import reference
from winit.reference import ExpressionLaw, Law, LawError, Part, Tensor, Tree

DRAW = "draw"
ANGLE: Tree = ["/", ["index", 0], ["pow", 10000, ["/", ["*", ["index", 1], 2], 128]]]


def floats(tensor: Tensor, seed: int = 7) -> NDArray[np.float64]:
    data = reference.canonical_bytes(seed, tensor)
    return reference.float_values(data, tensor.dtype).reshape(tensor.shape)


def tensor(name: str, shape: tuple[int, ...], law: Law) -> Tensor:
    return Tensor(name, "float32", shape, law)


def log_uniform(low: float, high: float) -> ExpressionLaw:
    law = reference.log_uniform(low, high)
    assert law["law"] == "expression"
    return law


def step_bias(floor: float) -> Law:
    step: Tree = ["max", ["exp", DRAW], floor]
    tree: Tree = ["+", step, ["log", ["neg", ["expm1", ["neg", step]]]]]
    return reference.expression(tree, log_uniform(0.001, 0.1)["draw"])


A_LOG = tensor("A_log", (4096,), reference.expression(["log", DRAW], reference.uniform(0, 16)))
DT = tensor("dt", (4096,), log_uniform(0.001, 0.1))
PE = tensor("pe", (512, 64), reference.expression(["sin", ANGLE]))


@pytest.mark.parametrize(
    ("recipe", "digest"),
    [
        (DT, "4cbb8b3edf61aec5"),
        (tensor("dt", (4096,), log_uniform(0.1, 0.1000001)), "e115a6eeee01c1f2"),
        (tensor("dt", (4096,), step_bias(1e-4)), "0938a1be6d6d8e37"),
        (tensor("dt", (4096,), step_bias(0.01)), "4ee53bbad5e75467"),
        (A_LOG, "3e9626a437ac9c60"),
        (PE, "e29bba22287a9da4"),
    ],
)
def test_an_expression_has_the_digest_that_the_law_prints(recipe: Tensor, digest: str) -> None:
    assert reference.tensor_digest(7, recipe).removeprefix("sha256:").startswith(digest)


def test_elements_are_those_that_the_law_prints() -> None:
    assert floats(DT)[:2].tolist() == [float.fromhex("0x1.7c7244p-6"), float.fromhex("0x1.cd4d58p-5")]
    assert floats(tensor("dt", (4096,), step_bias(1e-4)))[0] == float.fromhex("-0x1.e0237ap+1")
    assert floats(A_LOG)[0] == float.fromhex("0x1.2f9ap+0")
    assert floats(PE)[-1, -1] == float.fromhex("0x1.e31fcap-5")


def test_a_manifest_of_expressions_has_the_ids_that_the_law_prints() -> None:
    manifest = reference.manifest_bytes(7, [PE, DT, A_LOG])
    identity = "sha256:96ef76935f56dd97b5bea250fc233052963cf3f77b9a6c7410570461725804aa"
    weights = "sha256:a239694875a90cbb86a6d00f2eafbf5307d93fc46130e9a2ec73d60e7b4be970"
    assert reference.manifest_id(manifest) == identity
    assert reference.weights_digest(manifest) == weights
    draw = (
        b'{"half":2.3025851249694824,"high":-2.3025851249694824,"law":"uniform","low":-6.907755374908447,'
        b'"mid":-4.605170249938965}'
    )
    law = b'{"draw":' + draw + b',"law":"expression","tree":["min",["max",["exp","draw"],0.001],0.1]}'
    assert law in manifest
    assert b'["sin",["/",["index",0],["pow",10000,["/",["*",["index",1],2],128]]]]' in manifest


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        (2, 2.0),
        (-0.0, 0.0),
        (["neg", 0], 0.0),
        (["+", 1, ["*", 2, 3]], 7.0),
        (["+", 1, ["*", 2, DRAW]], ["+", 1.0, ["*", 2.0, DRAW]]),
        (["*", DRAW, ["neg", ["-", 1, 1]]], ["*", DRAW, 0.0]),
        (["+", ["+", 0, DRAW], ["+", ["index", 0.0], 0]], ["+", ["+", 0.0, DRAW], ["+", ["index", 0], 0.0]]),
        (["-", DRAW, DRAW], ["-", DRAW, DRAW]),
    ],
)
def test_subtrees_without_draw_and_index_are_folded_and_nothing_else(written: Tree, folded: Tree) -> None:
    assert reference.canonical(written) == folded
    assert reference.canonical(folded) == folded
    assert reference.canonical_json(reference.canonical(written)) == reference.canonical_json(folded)


def test_folding_turns_minus_0_into_plus_0() -> None:
    for tree in (["neg", 0], -0.0):
        folded = reference.canonical(tree)
        assert isinstance(folded, float)
        assert math.copysign(1, folded) == 1


def test_a_tree_that_is_a_number_is_constant() -> None:
    assert reference.expression(["/", 1, 3]) == reference.constant(1 / 3)
    law = reference.expression(["pow", 2, 53], dtype="int64")
    assert law == {"law": "constant", "value": 2**53}
    assert reference.canonical_bytes(0, Tensor("n", "int64", (), law)) == (2**53).to_bytes(8, "little")
    with pytest.raises(LawError):
        reference.expression(["/", 1, 3], dtype="int64")


def test_a_tree_that_is_the_draw_is_the_law_of_the_draw() -> None:
    assert reference.expression(DRAW, reference.normal(std=2.0)) == reference.normal(std=2.0)


def test_a_tree_without_a_draw_has_no_law_for_it() -> None:
    assert reference.expression(["sin", ["index", 0]], reference.normal()) == {
        "law": "expression",
        "tree": ["sin", ["index", 0]],
    }


def test_a_draw_is_one_binary32_value_wherever_it_stands() -> None:
    law = reference.expression(["-", DRAW, DRAW], reference.normal())
    assert np.all(floats(tensor("w", (50,), law)) == 0)
    doubled = floats(tensor("w", (50,), reference.expression(["+", DRAW, DRAW], reference.normal(std=0.3))))
    assert np.array_equal(doubled, 2 * floats(tensor("w", (50,), reference.normal(std=0.3))))


def test_an_index_counts_along_its_axis() -> None:
    tree: Tree = ["+", ["*", 100, ["index", 0]], ["+", ["*", 10, ["index", 1]], ["index", 2]]]
    values = floats(tensor("w", (2, 3, 4), reference.expression(tree)))
    assert values.tolist() == [[[100 * i + 10 * j + k for k in range(4)] for j in range(3)] for i in range(2)]


def test_in_a_part_words_are_the_tensors_and_coordinates_are_the_boxs() -> None:
    tree: Tree = ["+", DRAW, ["*", 100, ["index", 1]]]
    law = reference.expression(tree, reference.normal())
    whole: reference.Part = {"box": [], "law": reference.normal()}
    box: reference.Part = {"box": [[1, 3], [2, 5]], "law": law}
    base = floats(tensor("w", (4, 6), reference.normal()))
    values = floats(tensor("w", (4, 6), {"law": "parts", "parts": [whole, box]}))
    expected = (base[1:3, 2:5] + 100 * np.arange(3)).astype(np.float32)
    assert np.array_equal(values[1:3, 2:5], expected)
    streamed: reference.Part = {**box, "stream": str(reference.name_stream("v"))}
    values = floats(tensor("w", (4, 6), {"law": "parts", "parts": [whole, streamed]}))
    assert np.array_equal(values[1:3, 2:5], floats(tensor("v", (2, 3), law)))


@pytest.mark.parametrize("dtype", ["float64", "float16", "bfloat16"])
def test_a_value_is_rounded_to_binary32_before_it_is_converted(dtype: str) -> None:
    law = reference.expression(["exp", DRAW], reference.normal())
    exact = floats(tensor("w", (200,), law)).astype(np.float32)
    data = reference.canonical_bytes(7, Tensor("w", dtype, (200,), law))
    assert data == reference.float_bytes(exact, dtype)


@pytest.mark.parametrize(
    ("dtype", "tree"),
    [
        ("float32", ["log", ["index", 0]]),
        ("float32", ["/", 1, ["index", 0]]),
        ("float32", ["exp", ["+", 800, ["index", 0]]]),
        ("float32", ["exp", ["+", 100, ["index", 0]]]),
        ("float16", ["+", 65520, ["index", 0]]),
        ("float32", ["index", 1]),
    ],
)
def test_an_element_without_a_finite_value_is_refused(dtype: str, tree: Tree) -> None:
    with pytest.raises(LawError, match=r"w: (element 0: |a tensor of rank 1)"):
        reference.canonical_bytes(0, Tensor("w", dtype, (3,), reference.expression(tree)))


@pytest.mark.parametrize(
    "tree",
    [[], [3], "index", ["draw"], ["index"], ["index", -1], ["index", 0.5], ["log", 0], True, ["exp", DRAW, 1], {}],
)
def test_a_tree_of_another_form_is_refused(tree: Tree) -> None:
    with pytest.raises(LawError):
        reference.canonical_bytes(0, tensor("w", (3,), reference.expression(tree, reference.normal())))


def test_an_expression_on_integers_must_fold() -> None:
    with pytest.raises(LawError):
        reference.expression(["index", 0], dtype="int64")
    law: Law = {"law": "expression", "tree": ["index", 0]}
    with pytest.raises(LawError):
        reference.canonical_bytes(0, Tensor("w", "int64", (3,), law))


def test_a_draw_needs_a_law() -> None:
    with pytest.raises(LawError):
        reference.expression(["exp", DRAW])
    with pytest.raises(LawError):
        law = reference.expression(["exp", DRAW], reference.normal(std=1e38))
        reference.canonical_bytes(0, tensor("w", (3,), law))


def test_an_element_that_a_later_part_covers_needs_no_value() -> None:
    base: ExpressionLaw = {"law": "expression", "tree": ["log", ["index", 0]]}
    cover: Part = {"box": [[0, 1]], "law": reference.constant(-5.0)}
    covered = Tensor("w", "float32", (3,), {"law": "parts", "parts": [{"box": [], "law": base}, cover]})
    expected = np.array([-5, 0, float.fromhex("0x1.62e43p-1")], np.float32)
    assert reference.canonical_bytes(7, covered) == expected.tobytes()
    bare: Law = {"law": "parts", "parts": [{"box": [], "law": base}, {"box": [[1, 2]], "law": reference.constant(0.0)}]}
    with pytest.raises(LawError, match="outside the domain"):
        reference.canonical_bytes(7, Tensor("w", "float32", (3,), bare))
