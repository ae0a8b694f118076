"""Diagnoses without a framework: statistics, units, moments, rules, and the document."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest

import winit
from winit.diagnosing.document import DiagnosisFinding, LayerDiagnosis, Measured, Subject, TensorDiagnosis
from winit.diagnosing.families import label, odd_ones
from winit.diagnosing.moments import second_moment
from winit.diagnosing.observed import ObservedInput, ObservedLayer, ObservedTensor
from winit.diagnosing.rounding import relative_rounding_error
from winit.diagnosing.rules import findings
from winit.diagnosing.statistics import statistics
from winit.diagnosing.units import equal_groups, units

# Statistics


@pytest.mark.parametrize(
    ("mean", "std", "dtype"),
    [(0, 1, "f4"), (0, 0.02, "f2"), (1, 1e-3, "f8"), (1e6, 1e-2, "f8"), (0, 1e-300, "f8"), (0, 1e300, "f8")],
)
def test_the_moments_are_those_of_mpmath(mean: float, std: float, dtype: str) -> None:
    values = (mean + std * np.random.default_rng(0).gamma(2, size=2000)).astype(dtype)
    exact = [mpmath.mpf(float(value)) for value in values]
    m = mpmath.fsum(exact) / len(exact)
    moments = [mpmath.fsum((value - m) ** power for value in exact) / len(exact) for power in (2, 3, 4)]
    found = statistics(values)
    exact_std = float(mpmath.sqrt(moments[0]))
    assert found.mean is not None and abs(found.mean - float(m)) <= 1e-6 * exact_std
    assert found.std == pytest.approx(exact_std, rel=1e-6)
    assert found.skewness == pytest.approx(float(moments[1] / moments[0] ** mpmath.mpf(1.5)), abs=1e-5)
    assert found.kurtosis == pytest.approx(float(moments[2] / moments[0] ** 2), abs=1e-5)
    assert found.histogram is not None and sum(found.histogram.counts) == 2000


def test_elements_that_are_not_finite_are_counted_and_left_out() -> None:
    found = statistics(np.array([1.0, np.nan, -0.0, np.inf, 3.0, -np.inf], dtype="f4"))
    assert (found.count, found.nan, found.infinite, found.zeros) == (6, 1, 2, 1)
    assert (found.mean, found.min, found.max) == (4 / 3, 0.0, 3.0)
    assert found.histogram is not None and sum(found.histogram.counts) == 3


@pytest.mark.parametrize("values", [[], [np.nan], [2.5, 2.5], [0.0]])
def test_tensors_without_a_spread_have_no_skewness(values: list[float]) -> None:
    found = statistics(np.array(values))
    assert found.skewness is None and found.kurtosis is None
    assert found.is_constant == (values not in ([], [np.nan]))


# Units


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_equal_outputs_and_inputs_have_one_label(dtype: str) -> None:
    weight = np.random.default_rng(1).standard_normal((50, 40, 9)).astype(dtype)
    weight[7], weight[9], weight[:, 5], weight[3] = weight[2], -weight[2], weight[:, 1], 0
    found = units(weight)
    assert [group.tolist() for group in equal_groups(found.outputs)] == [[2, 7]]
    assert [group.tolist() for group in equal_groups(found.inputs)] == [[1, 5]]
    assert np.flatnonzero(found.outputs == 0).tolist() == [3]


def test_zero_and_minus_zero_are_equal() -> None:
    weight = np.array([[0.0, 1.0], [-0.0, 1.0], [-0.0, 0.0]])[:, :, None]
    labels = units(weight).outputs
    assert labels[0] == labels[1] != 0 and labels[2] == 0


# Families


@pytest.mark.parametrize("scale", [lambda i: 0.02, lambda i: 0.02 * (1 - i / 40), lambda i: 0.02 * 0.9**i])
@pytest.mark.parametrize("factor", [10, 2, 1.2, math.sqrt(0.5)])
def test_one_wrong_layer_of_thirty_is_found_alone_in_any_course_of_scales(scale: Any, factor: float) -> None:
    logs = [
        math.log(scale(index)) + 2e-3 * noise for index, noise in enumerate(np.random.default_rng(0).normal(size=30))
    ]
    assert odd_ones(logs, [2e-3] * 30) == []
    logs[17] += math.log(factor)
    assert [index for index, _ in odd_ones(logs, [2e-3] * 30)] == [17]
    assert odd_ones(logs, [2e-3] * 30)[0][1] == pytest.approx(factor, rel=0.02)


def test_a_factor_of_1_1_and_one_within_ten_standard_errors_are_no_finding() -> None:
    logs = [0.0] * 10
    logs[4] = math.log(1.1)
    assert odd_ones(logs, [1e-3] * 10) == []
    logs[4] = math.log(1.5)
    assert odd_ones(logs, [0.05] * 10) == []
    assert odd_ones(logs[:4], [1e-3] * 4) == []


def test_the_label_of_a_family_has_its_numbers() -> None:
    assert label([f"h.{i}.mlp.{j}.weight" for i in range(3) for j in (0,)]) == "h.{0-2}.mlp.0.weight × 3"
    assert label([f"{i}.weight" for i in range(0, 60, 2)]) == "{0,2,…,58}.weight × 30"


# Moments and rounding


def test_the_second_moments_of_activations_are_those_of_the_literature() -> None:
    # E f² at N(0, 1), by 30-digit quadrature.
    expected = {
        "relu": 0.5,
        "linear": 1.0,
        "leaky_relu": 0.50005,
        "leaky_relu(0.2)": 0.52,
        "tanh": 0.394294,
        "sigmoid": 0.293379,
        "selu": 1.0,
        "elu": 0.644945,
        "gelu": 0.425221,
        "gelu_tanh": 0.425194,
        "quick_gelu": 0.421953,
        "silu": 0.355776,
        "mish": 0.452342,
        "hardswish": 0.331567,
        "softplus": 0.921246,
    }
    for name, value in expected.items():
        assert second_moment(name, 1.0) == pytest.approx(value, abs=2e-6), name
    assert second_moment("unheard of", 1.0) is None


def test_the_rounding_error_is_that_of_real_roundings() -> None:
    for std, expected in ((1e-7, 0.17), (1e-6, 0.017), (0.02, 2e-4)):
        values = np.random.default_rng(0).normal(scale=std, size=100_000)
        rounded = values.astype("f2")
        real = math.sqrt(float(np.mean((rounded.astype("f8") - values) ** 2))) / std
        found = relative_rounding_error(rounded, "float16", std)
        assert found == pytest.approx(real, rel=0.1) == pytest.approx(expected, rel=0.25)
    assert relative_rounding_error(np.ones(4), "float32", 1.0) is None


# Rules, both sides of each threshold


def tensor(name: str, values: Any, **options: Any) -> ObservedTensor:
    values = np.asarray(values, dtype="f4")
    found = statistics(values)
    members = dict(vars(found))
    shape = values.shape
    facts = TensorDiagnosis(name=name, shape=shape, dtype="float32", fan_in=shape[-1], fan_out=shape[0], **members)
    of_units = units(values.reshape(shape[0], shape[1], -1)) if len(shape) > 1 else None
    return ObservedTensor(facts, units=of_units, digest=values.tobytes(), **options)


def normal(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal(shape)


def layer(name: str, signal: float = 1, gradient: float | None = 1, **options: Any) -> ObservedLayer:
    diagnosis: dict[str, Any] = {key: options.pop(key) for key in ("activation", "main_path", "kind") if key in options}
    measured = Measured(1, signal, gradient, *(options.pop(key, None) for key in ("dead", "saturated", "cosine")))
    diagnosis = {"kind": "linear", **diagnosis, "measured": measured}
    return ObservedLayer(LayerDiagnosis(name, **diagnosis), weight=name, **options)


def found(*arguments: Any) -> list[tuple[str, str]]:
    return [(finding.code, finding.severity) for finding in findings(*arguments)]


def test_healthy_tensors_have_no_findings() -> None:
    tensors = [tensor(f"{i}.weight", normal(64, 64, seed=i)) for i in range(8)]
    assert found([*tensors, tensor("norm.weight", np.ones(64)), tensor("norm.bias", np.zeros(64))]) == []


@pytest.mark.parametrize(("shift", "expected"), [(0.45, []), (0.55, [("nonzero-mean", "warning")])])
def test_a_mean_of_half_a_standard_deviation_is_the_bound(shift: float, expected: Any) -> None:
    assert found([tensor("a.weight", normal(64, 64) + shift)]) == expected
    information = [(code, "information") for code, _ in expected]
    assert found([tensor("a.A_log", normal(64, 64) + shift, is_kernel=False)]) == information


def test_few_elements_may_have_any_mean() -> None:
    assert found([tensor("a.weight", [[1.0, 1.1], [1.2, -0.4]])]) == []


def test_zero_rows_are_a_warning_above_a_tenth_unless_they_are_those_of_an_embedding() -> None:
    weight = normal(100, 64)
    weight[:10] = 0
    assert found([tensor("a.weight", weight)]) == [("zero-rows", "information")]
    weight[10] = 0
    assert found([tensor("a.weight", weight)]) == [("zero-rows", "warning")]
    assert found([tensor("a.weight", weight, is_embedding=True)]) == [("zero-rows", "information")]
    weight[1:11] = 1 + normal(10, 64)
    assert found([tensor("a.weight", weight, is_embedding=True, padding=0)]) == []


def test_units_with_less_than_64_random_bits_may_be_equal() -> None:
    weight = normal(8, 2)
    weight[3] = weight[5]
    assert found([tensor("a.weight", weight)]) == []
    weight = normal(8, 3)
    weight[3] = weight[5]
    assert found([tensor("a.weight", weight)]) == [("identical-neurons", "warning")]
    assert found([tensor("a.weight", weight, bias=np.arange(8.0))]) == []
    assert found([tensor("a.weight", weight, groups=2)]) == []  # in two groups, with other inputs
    assert found([tensor("a.weight", weight, is_depthwise=True)]) == []


def test_equal_inputs_are_information() -> None:
    weight = normal(64, 64)
    weight[:, 3] = weight[:, 5]
    assert found([tensor("a.weight", weight)]) == [("identical-inputs", "information")]


def test_zero_weights_by_their_place() -> None:
    zero, other = tensor("a.weight", np.zeros((8, 8))), tensor("z.weight", normal(8, 8))
    assert found([zero, other]) == [("all-zero-weights", "warning")]
    assert found([zero]) == [("all-zero-weights", "information")]
    assert found([tensor("q.lora_B.weight", np.zeros((8, 8))), other]) == [("all-zero-weights", "information")]
    relu = [layer("a.weight", activation="relu"), layer("z.weight", is_output=True)]
    assert found([zero, other], relu) == [("all-zero-weights", "error")]
    assert found([zero, other], [layer("a.weight", activation="relu", has_bias=True), relu[1]]) == [
        ("all-zero-weights", "warning")
    ]
    assert found([zero, other], [layer("a.weight", activation="tanh"), relu[1]]) == [("all-zero-weights", "warning")]
    branch = [layer("a.weight", main_path=False), relu[1]]
    assert found([zero, other], branch) == [("all-zero-weights", "information")]


def test_constant_weights_are_an_error_beside_constant_weights() -> None:
    one, two = tensor("a.weight", np.full((8, 8), 0.1)), tensor("b.weight", np.full((8, 8), 0.1))
    assert found([one]) == [("constant-weights", "warning")]
    chain = [layer("a.weight", followers=["b.weight"]), layer("b.weight", is_output=True)]
    assert found([one, two], chain) == [("constant-weights", "error")] * 2


def test_a_mean_explains_a_scale_and_a_copied_row_does_not() -> None:
    tensors = [tensor(f"{i}.weight", normal(64, 64, seed=i)) for i in range(8)]
    shifted, copied = 3 * normal(64, 64) + 3, 3 * normal(64, 64)
    copied[3] = copied[5]
    assert found([*tensors[:4], tensor("4.weight", shifted), *tensors[5:]]) == [("nonzero-mean", "warning")]
    assert found([*tensors[:4], tensor("4.weight", copied), *tensors[5:]]) == [
        ("identical-neurons", "warning"),
        ("odd-one-out", "warning"),
    ]


def test_the_same_finding_in_a_family_is_one() -> None:
    tensors = [tensor(f"h.{i}.lora_B.weight", np.zeros((8, 8))) for i in range(3)]
    [finding] = findings([*tensors, tensor("q.lora_B.weight", np.zeros((8, 8)))])[:1]
    assert finding.tensor == "h.0.lora_B.weight" and finding.message.endswith("The same in h.{0-2}.lora_B.weight × 3")
    assert len(findings([*tensors, tensor("q.lora_B.weight", np.zeros((8, 8)))])) == 2


@pytest.mark.parametrize(
    ("signal", "expected"),
    [
        (2e-3, []),
        (5e-4, [("vanishing-forward", "warning")]),
        (5e-6, [("vanishing-forward", "error")]),
        (5e2, []),
        (5e3, [("exploding-forward", "warning")]),
        (math.inf, [("exploding-forward", "error")]),
    ],
)
def test_the_bounds_of_the_signal(signal: float, expected: Any) -> None:
    layers = [layer("a"), layer("b", signal), layer("c", 1e-9, is_output=True)]
    assert found([], layers, ObservedInput(8, 1.0)) == expected


@pytest.mark.parametrize(
    ("gradient", "expected"),
    [
        (2e-3, []),
        (5e-4, [("vanishing-backward", "warning")]),
        (5e-6, [("vanishing-backward", "error")]),
        (5e2, []),
        (5e3, [("exploding-backward", "warning")]),
        (5e5, [("exploding-backward", "error")]),
    ],
)
def test_the_bounds_of_the_gradient(gradient: float, expected: Any) -> None:
    layers = [layer("a", 1, gradient, is_entrance=True), layer("b"), layer("c", is_output=True)]
    assert found([], layers, ObservedInput(8, 1.0)) == expected
    healthy = layer("decoder", 1, 1.0, is_entrance=True, main_path=False)
    assert found([], [layers[0], healthy, *layers[1:]], ObservedInput(8, 1.0)) == []


def test_a_gradient_of_zero_everywhere_is_an_error_unless_the_head_is_zero() -> None:
    layers = [layer("a", 1, 0.0), layer("b", 1, 0.0), layer("c.weight", 1, 1.0, is_output=True)]
    head = tensor("c.weight", normal(8, 8))
    assert found([head], layers) == [("vanishing-backward", "error")]
    assert found([tensor("c.weight", np.zeros((8, 8)))], layers) == [("all-zero-weights", "information")]


@pytest.mark.parametrize(
    ("options", "samples", "expected"),
    [
        ({"dead": 0.89}, 64, []),
        ({"dead": 0.9}, 64, [("dead-units", "warning")]),
        ({"dead": 1.0}, 64, [("dead-units", "error")]),
        ({"dead": 1.0}, 63, []),
        ({"saturated": 0.5}, 64, []),
        ({"saturated": 0.51}, 64, [("saturating", "warning")]),
        ({"cosine": 0.985}, 64, []),
        ({"cosine": 0.995}, 64, [("look-alike-inputs", "information")]),
    ],
)
def test_the_bounds_of_outputs(options: Any, samples: int, expected: Any) -> None:
    layers = [layer("a", **options), layer("b", is_output=True)]
    assert found([], layers, ObservedInput(samples, 1.0, 0.1)) == expected


@pytest.mark.parametrize(("hidden", "severity"), [(3, "information"), (4, "warning")])
def test_inputs_that_look_alike_are_a_warning_from_four_hidden_layers_on(hidden: int, severity: str) -> None:
    layers = [*(layer(f"h.{i}", cosine=0.995) for i in range(hidden)), layer("out", is_output=True)]
    assert found([], layers, ObservedInput(64, 1.0, 0.1)) == [("look-alike-inputs", severity)]


@pytest.mark.parametrize(
    ("variance", "activation", "expected"),
    [
        (2, "relu", None),
        (1 / 3, "relu", "PyTorch's default"),
        (1, "relu", "Xavier"),
        (1, "tanh", None),
        (2, "tanh", None),
        (1 / 3, "tanh", "PyTorch's default"),
        (1, "selu", None),
        (2, "gelu", None),
    ],
)
def test_the_gain_of_a_layer_and_its_law(variance: float, activation: str, expected: str | None) -> None:
    weight = tensor("a.weight", normal(256, 256) * math.sqrt(variance / 256))
    layers = [layer("a.weight", activation=activation), layer("b", is_output=True)]
    gains = [finding for finding in findings([weight], layers) if finding.code == "layer-gain"]
    assert len(gains) == (expected is not None)
    assert expected is None or (expected in gains[0].message and gains[0].severity == "information")
    normed = layer("a.weight", activation=activation, is_normalized=True)
    assert findings([weight], [normed, layers[1]]) == []


# The document

DOCUMENT: dict[str, Any] = {
    "schema": "winit-diagnosis/1",
    "subject": {"kind": "model", "name": "Net", "tool_version": "0.2.0"},
    "tensors": [{"name": "a", "shape": [2, 3], "dtype": "float32", "count": 6, "mean": None, "law": {"law": "normal"}}],
    "layers": [{"name": "a", "kind": "linear", "theory": {"q": 1, "signal": 0.5, "gradient": 1}, "later": 1}],
    "findings": [
        {"code": "non-finite", "severity": "error", "message": "m", "tensor": "a", "layer": None, "fix": None}
    ],
    "notes": ["a note"],
    "of a later version": True,
}


def test_a_document_that_was_written_by_hand_is_read(tmp_path: Path) -> None:
    path = tmp_path / "d.json"
    path.write_text(json.dumps(DOCUMENT), encoding="utf-8")
    read = winit.read_diagnosis(path)
    assert read.tensors[0].shape == (2, 3) and read.layers[0].main_path and read.findings[0].severity == "error"
    assert read.layers[0].theory is not None and read.layers[0].theory.signal == 0.5
    assert read.worst() == "error" and read.summary == "diagnosis of Net: 1 error"
    assert winit.read_diagnosis(path).as_dict() == read.as_dict()


@pytest.mark.parametrize(
    ("member", "value", "words"),
    [
        ("schema", "winit-diagnosis/9", "schema"),
        ("subject", {"kind": "cat", "name": "", "tool_version": ""}, "subject.kind"),
        ("tensors", {}, "`tensors` is not a list"),
        ("tensors", [3], r"`tensors\[0\]` is no object"),
        ("tensors", [{"name": "a", "shape": [-1], "dtype": "f", "count": 1}], r"tensors\[0\].shape"),
        ("tensors", [{"name": "a", "shape": [True], "dtype": "f", "count": 1}], r"tensors\[0\].shape"),
        ("layers", [{"name": "a", "kind": "linear", "measured": {"rms": "1"}}], r"layers\[0\].measured.rms"),
        ("tensors", [{"name": "a", "shape": [2], "dtype": "f", "count": 3}], r"tensors\[0\].count"),
        ("tensors", [{"name": "a", "shape": [2], "dtype": "f", "count": 2.0}], r"tensors\[0\].count"),
        ("tensors", [{"name": "a", "shape": [2], "dtype": "f", "count": 2, "std": -1}], r"tensors\[0\].std"),
        ("tensors", [{"name": "a", "shape": [2], "dtype": "f", "count": 2, "zeros": 3}], r"tensors\[0\].zeros"),
        ("tensors", [{"name": "a", "shape": [2], "dtype": "f", "count": 2, "min": 1, "max": 0}], r"tensors\[0\].max"),
        ("layers", [{"name": "a", "kind": "linear", "measured": {"dead": 1.5}}], r"layers\[0\].measured.dead"),
        ("layers", [{"name": "a", "kind": "linear", "measured": {"cosine": 1.1}}], r"layers\[0\].measured.cosine"),
        ("layers", [{"name": "a", "kind": "linear", "theory": {"q": -1}}], r"layers\[0\].theory.q"),
        ("findings", [{"code": "a", "severity": "bad", "message": ""}], r"findings\[0\].severity"),
        ("notes", [1], "notes"),
    ],
)
def test_a_document_with_another_type_is_refused_with_the_place(
    member: str, value: Any, words: str, tmp_path: Path
) -> None:
    path = tmp_path / "d.json"
    path.write_text(json.dumps(DOCUMENT | {member: value}), encoding="utf-8")
    with pytest.raises(winit.BadInput, match=words):
        winit.read_diagnosis(path)


@pytest.mark.parametrize("data", [b"", b"[" * 100_000, b"\xff", b'{"schema": NaN}', b"[]"])
def test_a_file_that_is_no_document_is_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "d.json").write_bytes(data)
    with pytest.raises(winit.BadInput, match=r"d\.json"):
        winit.read_diagnosis(tmp_path / "d.json")
    with pytest.raises(winit.NotFound):
        winit.read_diagnosis(tmp_path / "absent.json")


def diagnosis() -> winit.Diagnosis:
    found = [
        DiagnosisFinding("identical-tensors", "warning", "equal", tensor="layers.0.weight"),
        DiagnosisFinding("layer-gain", "information", "shrinks", tensor="a.weight", layer="a"),
    ]
    return winit.Diagnosis(Subject("model", "Net", "0"), findings=tuple(found))


def test_gradients_are_shown_relative_to_the_last_layer_of_the_main_path() -> None:
    def layer(name: str, gradient: float | None, **options: Any) -> LayerDiagnosis:
        return LayerDiagnosis(name, "linear", measured=Measured(1, 0.5, gradient), **options)

    layers = (layer("first", 0.02), layer("branch", 0.01, main_path=False), layer("last", 0.04), layer("none", None))
    shown = winit.Diagnosis(Subject("model", "Net", "0"), layers=layers)
    gradients = [line.split()[2] for line in str(shown).splitlines() if line.split()[:1] != [] and "0.5" in line]
    assert gradients == ["0.5", "0.25", "1", "–"]
    assert "relative to the last layer" in str(shown)
    html = shown._repr_html_()
    assert all(f">{text}</td>" in html for text in ("0.25", "1")) and "relative to the last layer" in html
    zero = winit.Diagnosis(Subject("model", "Net", "0"), layers=(layer("a", 0.0), layer("b", 0.0)))
    assert "relative to the last layer" in str(zero)


def test_an_assertion_counts_a_severity_and_what_is_worse() -> None:
    assert diagnosis().assert_healthy("error").worst() == "warning"
    with pytest.raises(winit.Mismatch, match=r"layers\.0\.weight: equal") as caught:
        diagnosis().assert_healthy()
    assert isinstance(caught.value, AssertionError) and len(caught.value.findings) == 1
    with pytest.raises(winit.Mismatch, match="1 warning, 1 for information"):
        diagnosis().assert_healthy("information")
    healthy = diagnosis().assert_healthy(allow={"identical-tensors": "layers.*"})
    assert [each.finding.code for each in healthy.allowed] == ["identical-tensors"]
    with pytest.raises(winit.Mismatch):
        diagnosis().assert_healthy(allow={"identical-tensors": "decoder.*"})
    with pytest.raises(winit.BadInput, match="there is no finding `identical`"):
        diagnosis().assert_healthy(allow={"identical": "*"})
    with pytest.raises(winit.BadInput, match="severity"):
        diagnosis().assert_healthy("fatal")  # type: ignore[arg-type]


@pytest.mark.parametrize(("fix", "is_said"), [('- {match: "a", init: ones}', True), ("torch.nn.init.ones_(a)", False)])
def test_the_text_says_where_the_rule_of_a_fix_goes(fix: str, is_said: bool) -> None:
    finding = DiagnosisFinding("all-zero-weights", "warning", "zero", tensor="a", fix=fix)
    text = str(winit.Diagnosis(Subject("run", "m:v1", "0"), findings=(finding,)))
    assert ("above the other rules of the spec" in text) == is_said
