"""winit.torch.audit: broken ties, equal tensors, padding rows, loaded tensors, laws."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import winit
from winit import reference

pytest.importorskip("torch")

import torch
from torch import nn

from winit.torch import audit


class Tied(nn.Module):  # type: ignore[misc]
    """An embedding and a head that share one weight."""

    def __init__(self, device: str = "cpu") -> None:
        super().__init__()
        self.embed = nn.Embedding(20, 6, device=device)
        self.head = nn.Linear(6, 20, bias=False, device=device)
        self.head.weight = self.embed.weight


def kinds(build: Callable[[], Any], **options: Any) -> list[tuple[str, str]]:
    """Kind and tensor of each finding."""
    return [(finding.kind, finding.tensor) for finding in audit(build, **options).findings]


# Ties.


def test_a_tie_that_holds_is_no_finding() -> None:
    assert kinds(Tied) == []


def test_a_tie_that_to_empty_breaks_is_found() -> None:
    """Modalities issue 357: the head and the embedding are two tensors after the meta device."""

    def build() -> Any:
        model = Tied("meta").to_empty(device="cpu")
        nn.init.normal_(model.embed.weight)
        nn.init.normal_(model.head.weight)
        return model

    (finding,) = audit(build).findings
    assert (finding.kind, finding.tensor, finding.others) == ("tie_broken", "head.weight", ("embed.weight",))


def test_a_tie_that_is_made_again_after_to_empty_is_no_finding() -> None:
    def build() -> Any:
        model = Tied("meta").to_empty(device="cpu")
        nn.init.normal_(model.embed.weight)
        model.head.weight = model.embed.weight
        return model

    assert kinds(build) == []


def test_a_tie_that_loading_with_assign_breaks_is_found_once() -> None:
    def build() -> Any:
        model = Tied()
        state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        model.load_state_dict(state, assign=True)
        return model

    assert kinds(build) == [("tie_broken", "head.weight")]


def test_parameters_that_the_code_itself_unties_are_no_broken_tie() -> None:
    def build() -> Any:
        model = Tied()
        model.head.weight = nn.Parameter(torch.randn(20, 6))
        return model

    assert kinds(build) == []


def test_ties_are_kept_by_conversions_and_copies() -> None:
    assert kinds(lambda: Tied().to(torch.bfloat16)) == []
    assert kinds(lambda: copy.deepcopy(Tied())) == []
    assert kinds(lambda: nn.Sequential(Tied(), Tied())) == []


# Equal tensors.


def test_layers_that_are_copies_of_one_layer_are_found() -> None:
    """PyTorch issues 72253 and 86274: TransformerEncoder copies one layer."""
    result = audit(lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 2, 32, batch_first=True), 3))
    weights = [finding for finding in result.findings if finding.tensor == "layers.0.linear1.weight"]
    assert [finding.others for finding in weights] == [("layers.1.linear1.weight", "layers.2.linear1.weight")]
    assert {finding.kind for finding in result.findings} == {"equal_tensors"}
    assert "layers.0.norm1.weight" not in {finding.tensor for finding in result.findings}  # a constant


def test_layers_built_after_the_same_seed_are_found() -> None:
    def build() -> Any:
        layers = []
        for _ in range(3):
            torch.manual_seed(0)
            layers.append(nn.Linear(8, 8))
        return nn.Sequential(*layers)

    assert kinds(build) == [("equal_tensors", "0.weight"), ("equal_tensors", "0.bias")]


def test_two_groups_of_equal_tensors_of_one_shape_are_two_findings() -> None:
    def build() -> Any:
        a, b, c = (nn.Linear(8, 8, bias=False) for _ in range(3))
        return nn.Sequential(a, b, copy.deepcopy(b), copy.deepcopy(a), c)

    assert [(f.tensor, f.others) for f in audit(build).findings] == [
        ("0.weight", ("3.weight",)),
        ("1.weight", ("2.weight",)),
    ]


def test_equal_tensors_that_are_tied_constant_computed_or_frozen_are_no_findings() -> None:
    def build() -> Any:
        online = nn.Linear(8, 8)
        target = copy.deepcopy(online).requires_grad_(False)  # the target network of DQN, BYOL, MoCo
        table = [nn.Parameter(torch.log(torch.arange(1, 17).float()).repeat(4, 1)) for _ in range(2)]  # Mamba's A_log
        off = [nn.Parameter(torch.rand(16).mul_(0)) for _ in range(2)]
        return nn.ModuleList(
            [online, target, Tied(), nn.ParameterList(table + off), nn.BatchNorm1d(8), nn.BatchNorm1d(8)]
        )

    assert kinds(build) == []


def test_a_random_tensor_that_a_computed_one_replaced_does_not_count_as_random() -> None:
    def build() -> Any:
        layers = nn.ModuleList([nn.Linear(8, 8, bias=False) for _ in range(2)])
        with torch.no_grad():
            for layer in layers:
                layer.weight.copy_(torch.arange(64).view(8, 8))
        return layers

    assert kinds(build) == []


def test_an_accepted_finding_is_kept_apart() -> None:
    def build() -> Any:
        layer = nn.Linear(8, 8)
        return nn.Sequential(layer, copy.deepcopy(layer))

    result = audit(build, accept={"equal_tensors": ["*.weight"]})
    assert [finding.tensor for finding in result.findings] == ["0.bias"]
    assert [finding.tensor for finding in result.accepted] == ["0.weight"]
    assert audit(build, accept={"equal_tensors": "*"}).ok
    with pytest.raises(winit.BadInput, match="no kind of finding `equal`"):
        audit(build, accept={"equal": "*"})


# Padding rows.


@pytest.mark.parametrize("kind", [nn.Embedding, nn.EmbeddingBag])
def test_a_padding_row_that_an_initialization_wrote_over_is_found(kind: Any) -> None:
    """PyTorch issue 6495, Graphormer issue 41."""

    def build() -> Any:
        embedding = kind(10, 4, padding_idx=3)
        nn.init.normal_(embedding.weight)
        return embedding

    (finding,) = audit(build).findings
    assert (finding.kind, finding.count) == ("padding_row", 4)
    assert finding.indices.tolist() == [[3, 0], [3, 1], [3, 2], [3, 3]]


def test_a_padding_row_that_is_zero_or_loaded_is_no_finding(tmp_path: Path) -> None:
    def zeroed() -> Any:
        embedding = nn.Embedding(10, 4, padding_idx=-1)
        nn.init.normal_(embedding.weight)
        with torch.no_grad():
            embedding.weight[embedding.padding_idx].mul_(0)  # may give -0.0
        return embedding

    torch.save(torch.randn(10, 4), tmp_path / "vectors.pt")
    assert kinds(zeroed) == []
    assert kinds(lambda: nn.Embedding.from_pretrained(torch.load(tmp_path / "vectors.pt"), padding_idx=0)) == []


# Loaded tensors.


def test_loaded_weights_that_are_initialized_again_are_found(tmp_path: Path) -> None:
    torch.save(nn.Linear(4, 4).state_dict(), tmp_path / "model.pt")

    def build() -> Any:
        model = nn.Linear(4, 4)
        model.load_state_dict(torch.load(tmp_path / "model.pt"))
        nn.init.xavier_uniform_(model.weight)
        return model

    (finding,) = audit(build).findings
    assert (finding.kind, finding.tensor) == ("loaded_overwritten", "weight")
    assert "test_torch_audit_checks.py" in finding.message


def test_weights_that_are_initialized_and_then_loaded_are_no_finding(tmp_path: Path) -> None:
    torch.save(nn.Linear(4, 4).state_dict(), tmp_path / "model.pt")

    def build() -> Any:
        model = nn.Linear(4, 4)
        nn.init.xavier_uniform_(model.weight)
        model.load_state_dict(torch.load(tmp_path / "model.pt"))
        return model

    assert kinds(build) == []


# Laws.


def test_a_standard_deviation_that_the_scheme_does_not_have_is_found() -> None:
    """The residual projections of GPT-2, whose scaling was never applied."""

    def build(scaled: bool) -> Any:
        model = nn.ModuleDict({"c_fc": nn.Linear(64, 64), "c_proj": nn.Linear(64, 64)})
        for layer in model.values():
            nn.init.normal_(layer.weight, std=0.02)
        if scaled:
            nn.init.normal_(model["c_proj"].weight, std=0.02 / math.sqrt(24))
        return model

    scheme = {"*c_proj.weight": 0.02 / math.sqrt(24), "*.weight": 0.02}
    assert kinds(lambda: build(False), scheme=scheme) == [("off_scheme", "c_proj.weight")]
    assert kinds(lambda: build(True), scheme=scheme) == []


@pytest.mark.parametrize(
    ("law", "draw"),
    [
        (reference.normal(0.5, 0.1), lambda w: nn.init.normal_(w, 0.5, 0.1)),
        (reference.uniform(-0.1, 0.3), lambda w: nn.init.uniform_(w, -0.1, 0.3)),
        (reference.truncated_normal(0.0, 1.0, -1.0, 2.0), lambda w: nn.init.trunc_normal_(w, 0.0, 1.0, -1.0, 2.0)),
        (reference.constant(0.25), lambda w: nn.init.constant_(w, 0.25)),
    ],
    ids=lambda value: value["law"] if isinstance(value, dict) else "",
)
def test_the_moments_of_a_law_are_those_that_torch_draws(law: Any, draw: Callable[[Any], Any]) -> None:
    def build(factor: float) -> Callable[[], Any]:
        def made() -> Any:
            layer = nn.Linear(300, 300, bias=False)
            draw(layer.weight)
            with torch.no_grad():
                layer.weight.mul_(factor)
            return layer

        return made

    assert kinds(build(1.0), scheme={"weight": law}) == []
    assert kinds(build(1.1), scheme={"weight": law}) == [("off_scheme", "weight")]


def test_a_mean_that_is_not_that_of_the_law_is_found() -> None:
    def build() -> Any:
        return nn.ParameterDict({"w": nn.Parameter(torch.empty(100, 100).normal_(0.1, 1.0))})

    assert kinds(build, scheme={"w": reference.normal(0.0, 1.0)}) == [("off_scheme", "w")]
    assert kinds(build, scheme={"w": reference.normal(0.1, 1.0)}) == []


def test_values_out_of_the_range_of_a_uniform_law_are_found() -> None:
    def build() -> Any:
        layer = nn.Linear(300, 300, bias=False)
        nn.init.normal_(layer.weight, std=2 / math.sqrt(12))  # the standard deviation of U(-1, 1)
        return layer

    assert kinds(build, scheme={"weight": reference.uniform(-1.0, 1.0)}) == [("off_scheme", "weight")]
    assert kinds(build, scheme={"weight": 2 / math.sqrt(12)}) == []


def test_a_draw_that_the_dtype_cannot_hold_is_found() -> None:
    """N(0, 10^-9) is zero in float16."""

    def build() -> Any:
        layer = nn.Linear(20, 20, bias=False, dtype=torch.float16)
        nn.init.normal_(layer.weight, std=1e-9)
        return layer

    assert kinds(build) == [("off_scheme", "weight")]
    assert kinds(build, scheme_checks=False) == []


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_draws_of_torch_and_what_the_user_does_with_them_are_no_findings(dtype: Any) -> None:
    def build() -> Any:
        made = nn.ParameterList(torch.empty(count, dtype=dtype) for count in (16, 300, 200_000))
        for parameter in made:
            nn.init.uniform_(parameter, -0.02, 0.02)
        scaled = nn.Parameter(nn.init.normal_(torch.empty(1000, dtype=dtype)))
        with torch.no_grad():
            scaled.mul_(0.1)
        return nn.ModuleDict({"drawn": made, "scaled": nn.ParameterList([scaled])})

    assert kinds(build) == []


def test_a_spec_and_a_recipe_are_schemes() -> None:
    law = reference.normal(0.0, 0.02)
    spec = winit.Spec((winit.SpecTensor("weight", (40, 40), "float32", law),))

    def build(std: float) -> Callable[[], Any]:
        return lambda: nn.ParameterDict({"weight": nn.Parameter(torch.empty(40, 40).normal_(0, std))})

    for scheme in (spec, spec.recipe(1)):
        assert kinds(build(0.02), scheme=scheme) == []
        assert kinds(build(0.03), scheme=scheme) == [("off_scheme", "weight")]


def test_the_literals_and_ties_of_a_spec_are_compared_exactly() -> None:
    table = torch.arange(8.0)
    literal = winit.recipes.BytesLiteral(table.numpy().tobytes())
    spec = winit.Spec(
        (
            winit.SpecTensor("table", (8,), "float32", {"law": "literal"}, (literal,)),
            winit.SpecTensor("a", (4, 4), "float32", reference.normal(0.0, 1.0)),
            winit.SpecTensor("b", (4, 4), "float32", {"law": "same_as", "name": "a"}),
        )
    )

    def build(wrong: bool) -> Callable[[], Any]:
        def made() -> Any:
            model = nn.Module()
            model.register_buffer("table", table.clone())
            model.a = nn.Parameter(torch.randn(4, 4))
            model.b = nn.Parameter(torch.randn(4, 4)) if wrong else model.a
            if wrong:
                model.table[5] += 1e-6
            return model

        return made

    assert kinds(build(False), scheme=spec) == []
    result = audit(build(True), scheme=spec)
    assert {(finding.kind, finding.tensor) for finding in result.findings} == {
        ("tie_broken", "b"),
        ("off_scheme", "table"),
    }
    assert result.findings[-1].indices.tolist() == [[5]] and not result.not_checked


def test_a_name_with_stars_in_a_spec_is_one_name() -> None:
    law = reference.normal(0.0, 5.0)
    spec = winit.Spec((winit.SpecTensor("w*", (4, 4), "float32", law),))
    with pytest.raises(winit.BadInput, match="matches no tensor"):
        audit(lambda: nn.ParameterDict({"ww": nn.Parameter(torch.randn(4, 4))}), scheme=spec)


@pytest.mark.parametrize(
    ("scheme", "text"),
    [
        ({"wight": 0.02}, "`wight` matches no tensor"),
        ({"weight": -1.0}, "≥ 0"),
        ({"weight": {"law": "normal"}}, "law of `weight`"),
        (3, "must be"),
    ],
)
def test_a_scheme_that_says_nothing_is_refused(scheme: Any, text: str) -> None:
    with pytest.raises(winit.BadInput, match=text):
        audit(lambda: nn.Linear(4, 4), scheme=scheme)


def test_what_a_scheme_cannot_decide_is_named() -> None:
    scheme = {"weight": {"law": "orthogonal", "gain": 1.0}, "bias": 0.02, "steps": 1.0}

    def build() -> Any:
        layer = nn.Linear(4, 4)
        layer.register_buffer("steps", torch.tensor(0))
        return layer

    assert [left.tensor for left in audit(build, scheme=scheme).not_checked] == ["weight", "bias", "steps"]
