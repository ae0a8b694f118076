"""winit.torch.capture on modules of torch.nn: laws with the numbers of PyTorch's own formulas, and refusals."""

from __future__ import annotations

import contextlib
import copy
import math
import random
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from winit import BadInput, reference  # noqa: E402
from winit.torch import capture, recording  # noqa: E402
from winit.torch.capturing import deviations  # noqa: E402

nn = torch.nn

ZERO = {"box": [], "law": {"law": "constant", "value": 0}}
"""The base of a tensor that takes its draws from another stream."""

MODULES: dict[str, Callable[[], Any]] = {
    "Linear": lambda: nn.Linear(48, 32),
    "Conv2d, groups": lambda: nn.Conv2d(8, 16, 3, groups=2),
    "Embedding, padding": lambda: nn.Embedding(60, 32, padding_idx=-1),
    "LSTM": lambda: nn.LSTM(16, 24, 2, bidirectional=True, proj_size=8),
    "GRU": lambda: nn.GRU(16, 24),
    "MultiheadAttention": lambda: nn.MultiheadAttention(32, 4, kdim=16, vdim=24, add_bias_kv=True),
    "TransformerDecoder, copied layers": lambda: nn.TransformerDecoder(nn.TransformerDecoderLayer(32, 4, 64), 2),
    "Bilinear, norms": lambda: nn.ModuleList([nn.Bilinear(6, 7, 8), nn.BatchNorm1d(8), nn.GroupNorm(2, 8), nn.PReLU()]),
    "weight_norm": lambda: nn.utils.parametrizations.weight_norm(nn.Conv2d(4, 8, 3)),
    "weight_norm, dim 1": lambda: nn.utils.parametrizations.weight_norm(nn.ConvTranspose2d(4, 8, 3), dim=1),
    "weight_norm, one norm": lambda: nn.utils.parametrizations.weight_norm(nn.Linear(8, 6), dim=None),
}


def laws(spec: Any) -> dict[str, dict[str, Any]]:
    """The law of each tensor."""
    return {tensor.name: dict(tensor.law) for tensor in spec.tensors}


@pytest.mark.parametrize("name", MODULES)
def test_a_module_that_is_really_built_has_the_values_of_its_laws(name: str) -> None:
    spec = capture(MODULES[name])
    assert not spec.unresolved and not spec.assumptions
    torch.manual_seed(7)
    module = MODULES[name]()
    assert deviations(module, spec) == []
    assert [tensor.name for tensor in spec.tensors] == list(module.state_dict())
    spec.recipe(3)


def test_a_linear_layer_has_the_bounds_of_pytorch() -> None:
    # kaiming_uniform_ with a = √5 and the uniform bias both have the bound 1 / √fan_in.
    spec = capture(lambda: nn.Linear(48, 32))
    bound = math.sqrt(3) * (math.sqrt(2.0 / (1 + math.sqrt(5) ** 2)) / math.sqrt(48))
    assert laws(spec)["weight"] == reference.uniform(-bound, bound)
    assert laws(spec)["bias"] == reference.uniform(-1 / math.sqrt(48), 1 / math.sqrt(48))
    assert spec.tensors[0].origin.startswith("torch.nn.init.kaiming_uniform_ of Linear (")
    assert "test_torch_capture.py:" in spec.tensors[0].origin


def test_the_schemes_of_torch_have_the_numbers_of_their_formulas() -> None:
    def build() -> Any:
        module = nn.ParameterDict({name: nn.Parameter(torch.empty(24, 40)) for name in "abcdefgh"})
        nn.init.xavier_uniform_(module["a"], gain=1.5)
        nn.init.xavier_normal_(module["b"])
        nn.init.kaiming_normal_(module["c"], mode="fan_out")
        nn.init.trunc_normal_(module["d"], mean=0.1, std=0.02, a=0.05, b=0.2)
        nn.init.orthogonal_(module["e"], gain=math.sqrt(2))
        nn.init.sparse_(module["f"], 0.31, std=0.1)
        nn.init.eye_(module["g"])
        nn.init.constant_(module["h"], 0.3)
        return module

    found = laws(capture(build))
    bound = math.sqrt(3) * (1.5 * math.sqrt(2.0 / (40 + 24)))
    assert found["a"] == reference.uniform(-bound, bound)
    assert found["b"] == reference.normal(0.0, math.sqrt(2.0 / (40 + 24)))
    assert found["c"] == reference.normal(0.0, math.sqrt(2.0) / math.sqrt(24))
    assert found["d"] == reference.truncated_normal(0.1, 0.02, (0.05 - 0.1) / 0.02, (0.2 - 0.1) / 0.02)
    assert found["e"] == {"law": "orthogonal", "gain": math.sqrt(2), "rows": 24}
    assert found["f"] == {"law": "sparse", "std": float(np.float32(0.1)), "zeros": math.ceil(0.31 * 24)}
    assert found["g"] == {"law": "eye", "value": 1.0}
    assert found["h"] == {"law": "constant", "value": float(np.float32(0.3))}


def test_dirac_kernels_have_their_groups() -> None:
    def build() -> Any:
        convolution = nn.Conv2d(4, 6, 3, bias=False)
        nn.init.dirac_(convolution.weight, groups=2)
        return convolution

    assert laws(capture(build))["weight"] == {"law": "dirac", "groups": 2}
    assert deviations(build(), capture(build)) == []


def test_copied_layers_have_the_draws_of_the_first_and_are_not_tied() -> None:
    spec = capture(lambda: nn.ModuleList([copy.deepcopy(layer) for layer in [nn.Linear(5, 4)] * 2]))
    first, second = laws(spec)["0.weight"], laws(spec)["1.weight"]
    stream = str(reference.name_stream("0.weight"))
    assert second == {"law": "parts", "parts": [ZERO, {"box": [], "law": first, "stream": stream}]}
    recipe = spec.recipe(5)
    assert np.array_equal(recipe["0.weight"][:], recipe["1.weight"][:])


def test_one_parameter_under_two_names_is_tied() -> None:
    def build() -> Any:
        module = nn.Module()
        module.embedding = nn.Embedding(6, 4)
        module.head = nn.Linear(4, 6, bias=False)
        module.head.weight = module.embedding.weight
        module.view = nn.Parameter(module.embedding.weight.data)
        return module

    found = laws(capture(build))
    assert found["view"]["law"] == "normal"
    assert found["embedding.weight"] == found["head.weight"] == {"law": "same_as", "name": "view"}


def test_spectral_norm_has_unresolved_vectors_or_their_bytes_and_says_so() -> None:
    def build() -> Any:
        return nn.utils.parametrizations.spectral_norm(nn.Linear(16, 8))

    spec = capture(build)
    vectors = ["parametrizations.weight.0._u", "parametrizations.weight.0._v"]
    assert list(spec.unresolved) == vectors
    with pytest.raises(BadInput, match="unresolved"):
        spec.recipe(1)
    spec = capture(build, fallback="literal")
    assert not spec.unresolved
    assert [tensor.name for tensor in spec.tensors if tensor.law["law"] == "literal"] == vectors
    assert all(f"`{name}`" in spec.assumptions[-1] for name in vectors)
    torch.manual_seed(0)
    built = build().state_dict()
    recipe = spec.recipe(1)
    assert all(np.array_equal(recipe[name][:], built[name].numpy()) for name in vectors)


def test_elements_that_nothing_wrote_are_unresolved_with_every_fallback() -> None:
    def build() -> Any:
        module = nn.utils.skip_init(nn.Linear, 4, 3)
        with torch.no_grad():
            module.weight[:2].normal_()
        module.scaled = nn.Parameter(torch.empty(3) * 2)
        return module

    for fallback in ("error", "literal"):
        unresolved = capture(build, fallback=fallback).unresolved
        assert unresolved["weight"] == "no operation wrote 4 of its 12 elements"
        assert "no operation wrote" in unresolved["bias"] and "no operation wrote" in unresolved["scaled"]


def test_what_no_law_describes_is_named_with_its_line() -> None:
    def build() -> Any:
        return nn.ParameterDict(
            {
                "mask": nn.Parameter(torch.empty(3, 4).bernoulli_(0.5)),
                "product": nn.Parameter(torch.randn(3, 3) @ torch.randn(3, 3)),
                "sum": nn.Parameter(torch.randn(4) + torch.randn(4)),
            }
        )

    unresolved = capture(build).unresolved
    assert "bernoulli" in unresolved["mask"] and "test_torch_capture.py:" in unresolved["mask"]
    assert "`mm`" in unresolved["product"]
    assert "sum of two independent draws" in unresolved["sum"]


def test_a_build_that_reads_a_draw_is_refused_even_if_it_catches_the_error() -> None:
    def rejection() -> Any:
        weight = torch.randn(4)
        while weight.abs().max() > 2:
            weight = torch.randn(4)
        return nn.ParameterList([nn.Parameter(weight)])

    def caught() -> Any:
        weight = torch.randn(4)
        with contextlib.suppress(ValueError):
            weight /= weight.norm().item()
        return nn.ParameterList([nn.Parameter(weight)])

    for build in (rejection, caught):
        with pytest.raises(BadInput, match="as a number") as error:
            capture(build)
        assert "test_torch_capture.py:" in str(error.value)


def test_known_numbers_can_be_read() -> None:
    def build() -> Any:
        rates = torch.linspace(0, 1, 5)
        assert rates.tolist()[2] == 0.5 and float(rates.numpy().sum()) == 2.5
        assert not torch.zeros(3).any() and torch.equal(torch.ones(2), torch.ones(2))
        return nn.ParameterList([nn.Parameter(torch.full((3,), rate.item())) for rate in rates])

    values = [law["value"] for law in laws(capture(build)).values()]
    assert values == [0.0, 0.25, 0.5, 0.75, 1.0]


@pytest.mark.parametrize("build", [nn.Linear(2, 2), None, 3, lambda: None, lambda: (nn.Linear(2, 2), 1)])
def test_what_is_no_build_is_refused(build: Any) -> None:
    with pytest.raises(BadInput):
        capture(build)
    with pytest.raises(BadInput):
        capture(lambda: nn.Linear(2, 2), fallback="zeros")  # type: ignore[arg-type]


def test_a_module_that_existed_before_the_build_has_no_laws() -> None:
    old = nn.Linear(2, 2)
    with pytest.raises(BadInput, match="existed before"):
        capture(lambda: old)
    spec = capture(lambda: nn.Sequential(old, nn.Linear(2, 3)))
    assert list(spec.unresolved) == ["0.weight", "0.bias"]
    kept = capture(lambda: nn.Sequential(old, nn.Linear(2, 3)), fallback="literal").recipe(0)
    assert np.array_equal(kept["0.weight"][:], old.weight.detach().numpy())


def test_a_lazy_module_needs_its_first_forward_pass() -> None:
    assert "first forward pass" in capture(lambda: nn.LazyLinear(4)).unresolved["weight"]

    def build() -> Any:
        module = nn.LazyLinear(4)
        module(torch.zeros(2, 9))
        return module

    assert laws(capture(build))["weight"] == reference.uniform(-1 / 3, 1 / 3)


def test_capture_changes_no_generator_and_nothing_of_torch() -> None:
    before = (torch.get_rng_state(), str(np.random.get_state()), random.getstate())
    names = ("trunc_normal_", "orthogonal_", "sparse_", "dirac_", "_no_grad_trunc_normal_")
    code = [getattr(nn.init, name).__code__ for name in names]

    def build() -> Any:
        torch.manual_seed(3)
        np.random.rand(4)
        random.random()
        return nn.Linear(2, 2)

    spec = capture(build)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert str(np.random.get_state()) == before[1] and random.getstate() == before[2]
    assert [getattr(nn.init, name).__code__ for name in names] == code
    assert torch.zeros(2).device.type == "cpu" and not torch.zeros(2).is_meta
    assert len(spec.assumptions) == 3 and "sets PyTorch's seed" in spec.assumptions[0]


def test_a_failing_build_leaves_nothing_behind() -> None:
    def build() -> Any:
        raise RuntimeError("no such layer")

    with pytest.raises(RuntimeError, match="no such layer"):
        capture(build)
    assert torch.ones(2).tolist() == [1, 1]
    assert laws(capture(lambda: nn.Linear(2, 2)))["bias"]["law"] == "uniform"


def test_recordings_do_not_nest_and_say_what_capture_says() -> None:
    with recording() as first:
        module = nn.Linear(6, 3)
        with pytest.raises(BadInput, match="nest"):
            capture(lambda: nn.Linear(2, 2))
        with pytest.raises(BadInput, match="still runs"):
            first.spec(module)
    assert laws(first.spec(module)) == laws(capture(lambda: nn.Linear(6, 3)))
    with pytest.raises(BadInput, match="entered before"), first:
        pass


def test_another_thread_is_not_recorded_and_may_record_itself() -> None:
    results = dict[str, Any]()

    def other() -> None:
        results["plain"] = nn.Linear(3, 2)
        results["captured"] = capture(lambda: nn.Linear(3, 2))

    with recording() as own:
        module = nn.Linear(4, 2)
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert results["plain"].weight.device.type == "cpu" and bool(results["plain"].weight.abs().sum() > 0)
    assert laws(results["captured"])["weight"] == reference.uniform(-1 / math.sqrt(3), 1 / math.sqrt(3))
    assert laws(own.spec(module))["weight"] == reference.uniform(-0.5, 0.5)


def test_a_spec_names_the_model_and_the_software() -> None:
    spec = capture(lambda: nn.Linear(2, 2))
    assert spec.model == "torch.nn.modules.linear.Linear"
    assert spec.software == {"torch": torch.__version__}


def test_weights_take_no_memory() -> None:
    # 4 TiB of weights, and constants of the same size.
    def build() -> Any:
        module = nn.Linear(1 << 20, 1 << 20)
        module.scale = nn.Parameter(torch.ones(1 << 20, 1 << 20) * 0.5)
        return module

    spec = capture(build)
    assert not spec.unresolved and laws(spec)["scale"] == {"law": "constant", "value": 0.5}
