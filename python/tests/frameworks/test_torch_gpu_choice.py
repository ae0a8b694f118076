"""What fills CUDA tensors: the switch, its errors, and the comparison before a kernel is first used.

There is no GPU here: PyTorch's answers about devices are replaced, and "the kernel" is a function on the CPU.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("triton")

import winit  # noqa: E402
from winit import reference  # noqa: E402
from winit.cli.main import main  # noqa: E402
from winit.torch import cuda_backend, operations  # noqa: E402
from winit.torch.gpu import checking, choice, is_copied, is_used  # noqa: E402
from winit.torch.operations import drawing  # noqa: E402
from winit.torch.operations.word_boxes import WordBox  # noqa: E402

CUDA = torch.device("cuda", 0)
NORMAL = reference.normal(0, 0.02)


class Kernel:
    """Takes the place of the kernel: counts calls, and can be wrong or fail."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.error: Exception | None = None
        self.is_wrong = False

    def fill_box(self, law: Any, seed: int, stream: int, shape: Any, offset: Any, out: Any) -> None:
        self.calls.append(law["law"])
        if self.error is not None:
            raise self.error
        words = WordBox(seed, stream, tuple(shape), tuple(offset), tuple(out.shape))
        drawing.draw_box(law, words, out, force="operations")
        if self.is_wrong:
            out[-1] += 1


@pytest.fixture
def kernel(monkeypatch: Any) -> Iterator[Kernel]:
    made = Kernel()
    zeros, empty = torch.zeros, torch.empty
    monkeypatch.delenv("WINIT_CUDA_BACKEND", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (9, 0))
    monkeypatch.setattr(checking, "_found", {})
    monkeypatch.setattr(checking, "fill_by_kernel", made.fill_box)
    monkeypatch.setattr(torch, "zeros", lambda *size, device=None, **rest: zeros(*size, **rest))
    monkeypatch.setattr(torch, "empty", lambda *size, device=None, **rest: _on(empty(*size, **rest), device))
    yield made


def _on(tensor: Any, device: Any) -> Any:
    class Empty:
        device = torch.device("cuda", 0)

    return tensor if torch.device(device or "cpu").type == "cpu" else Empty()


def test_triton_is_used_where_it_can_be(kernel: Kernel) -> None:
    assert cuda_backend() == "triton"
    assert is_used(CUDA, NORMAL, torch.bfloat16) and not is_used(torch.device("cpu"), NORMAL, torch.bfloat16)


@pytest.mark.parametrize("value", ["triton", "torch", "cpu"])
def test_the_variable_forces_a_way(kernel: Kernel, monkeypatch: Any, value: str) -> None:
    monkeypatch.setenv("WINIT_CUDA_BACKEND", value)
    assert cuda_backend() == value
    assert is_used(CUDA, NORMAL, torch.float32) == (value == "triton")
    assert is_copied(CUDA) == (value == "cpu") == (not operations.runs_operations(CUDA))
    assert operations.runs_operations(torch.device("cpu"))


def test_an_unknown_value_is_refused_and_nothing_is_written(kernel: Kernel, monkeypatch: Any) -> None:
    monkeypatch.setenv("WINIT_CUDA_BACKEND", "opencl")
    for call in (cuda_backend, lambda: operations.runs_operations(CUDA), lambda: is_used(CUDA, NORMAL, torch.float32)):
        with pytest.raises(winit.BadInput, match="WINIT_CUDA_BACKEND is `opencl`, but must be"):
            call()


def test_without_triton_pytorch_fills_unless_triton_is_forced(kernel: Kernel, monkeypatch: Any) -> None:
    monkeypatch.setitem(__import__("sys").modules, "triton", None)
    assert cuda_backend() == "torch" and not is_used(CUDA, NORMAL, torch.float32)
    monkeypatch.setenv("WINIT_CUDA_BACKEND", "triton")
    with pytest.raises(winit.Unavailable, match=r"the package triton cannot be imported.*WINIT_CUDA_BACKEND=torch"):
        is_used(CUDA, NORMAL, torch.float32)


def test_old_gpus_and_the_interpreter_are_filled_by_pytorch(kernel: Kernel, monkeypatch: Any) -> None:
    monkeypatch.setenv("TRITON_INTERPRET", "1")
    assert choice.backend_and_reason()[1] == "TRITON_INTERPRET is set, which makes Triton interpret kernels in Python"
    monkeypatch.delenv("TRITON_INTERPRET")
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (7, 5))
    assert choice.backend_and_reason() == (
        "torch", "cuda:0 has compute capability 7.5, and 8.0 or newer is needed",
    )  # fmt: skip


def test_a_kernel_is_compared_once_for_each_formula_and_dtype(kernel: Kernel) -> None:
    for law in (NORMAL, reference.normal(1, 2), reference.uniform(-1, 1), reference.uniform(0, 1)):
        for dtype in (torch.float32, torch.float16, torch.float32):
            assert is_used(CUDA, law, dtype)
    assert kernel.calls == ["normal", "normal", "uniform", "uniform", "uniform", "uniform"]


def test_a_kernel_with_a_wrong_element_is_never_used(kernel: Kernel) -> None:
    kernel.is_wrong = True
    for _ in range(2):
        with pytest.raises(winit.Unavailable, match=r"law normal in bfloat16 computes wrong values on cuda:0"):
            is_used(CUDA, NORMAL, torch.bfloat16)


def test_where_kernels_cannot_be_compiled_pytorch_fills_and_the_reason_is_kept(
    kernel: Kernel, monkeypatch: Any, capsys: Any
) -> None:
    kernel.error = RuntimeError("Failed to find C compiler")
    assert not is_used(CUDA, NORMAL, torch.float32) and not is_used(CUDA, NORMAL, torch.float32)
    assert kernel.calls == ["normal"]
    assert main(["backend", "--cuda"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == winit.backend()
    assert second == (
        "CUDA: torch (Triton cannot make its kernels on cuda:0: RuntimeError: Failed to find C compiler)"
    )  # fmt: skip
    monkeypatch.setenv("WINIT_CUDA_BACKEND", "triton")
    with pytest.raises(winit.Unavailable, match=r"WINIT_CUDA_BACKEND is `triton`, but Triton cannot make"):
        is_used(CUDA, NORMAL, torch.float32)


def test_memory_that_runs_out_is_no_reason_against_the_kernels(kernel: Kernel) -> None:
    kernel.error = torch.OutOfMemoryError("CUDA out of memory")
    with pytest.raises(torch.OutOfMemoryError):
        is_used(CUDA, NORMAL, torch.float32)
    kernel.error = None
    assert is_used(CUDA, NORMAL, torch.float32)


def test_a_fill_asks_for_every_kernel_before_it_writes(kernel: Kernel) -> None:
    law: Any = {
        "law": "parts",
        "parts": [
            {"box": [], "law": reference.uniform(-1, 1)},
            {"box": [[0, 1]], "law": reference.expression(["exp", "draw"], reference.truncated_normal())},
            {"box": [[1, 2]], "law": reference.constant(1.0)},
        ],
    }
    recipe = winit.Recipe.from_laws(1, {"w": ("bfloat16", (3, 4), law)})["w"]
    operations.prepare(recipe, CUDA, torch.bfloat16)
    assert kernel.calls == ["uniform", "truncated_normal"]
    assert [key[2] for key in checking._found] == [torch.bfloat16, torch.float32]


def test_the_command_prints_the_choice_as_json(kernel: Kernel, capsys: Any) -> None:
    assert main(["backend", "--cuda", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == {"backend": winit.backend(), "version": winit.__version__, "cuda_backend": "triton"}


def test_other_devices_and_machines_without_a_gpu_are_named(kernel: Kernel, monkeypatch: Any, capsys: Any) -> None:
    with pytest.raises(winit.BadInput, match="a CUDA device was expected, not `cpu`"):
        cuda_backend("cpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(winit.Unavailable, match="sees no CUDA device"):
        cuda_backend()
    assert main(["backend", "--cuda"]) == winit.Unavailable.code
    assert "sees no CUDA device" in capsys.readouterr().err
