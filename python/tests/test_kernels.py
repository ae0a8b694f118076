"""The C interface of the kernels: from C, from ctypes, in threads of any mode, in forked processes."""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from filling_support import (
    KERNEL_NAMES,
    SHA_LENGTHS,
    SOURCES,
    arithmetic_mode,
    compiler,
    current_mode,
    named,
    needs_kernels,
    recipe,
    same_bits,
    whole,
)
from winit import reference
from winit.kernels import library_path
from winit.kernels.structs import FORMATS, KERNELS, LAWS, RecipeStruct, layout, recipe_struct
from winit.recipes import checking
from winit.recipes.hashing import chunk_digests

pytestmark = needs_kernels
FLUSH_TO_ZERO, DENORMALS_ARE_ZERO, ROUND_UP, ROUND_DOWN = 0x8000, 0x0040, 0x4000, 0x2000
has_modes = pytest.mark.skipif(
    platform.machine() != "x86_64" or sys.platform != "linux", reason="sets MXCSR through glibc on x86-64"
)


@pytest.fixture(scope="module", params=["c11", "c++17"])
def program(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program that knows the header alone and links with the library that ctypes loads."""
    is_c = request.param == "c11"
    command = compiler("clang", "gcc", "cc") if is_c else compiler("clang++", "g++", "c++")
    output = tmp_path_factory.mktemp("interface") / "interface_check"
    source = Path(__file__).with_name("interface_check.c")
    subprocess.run(
        [command, f"-std={request.param}", "-x", "c" if is_c else "c++", "-Wall", "-Wextra", "-Wpedantic", "-Werror",
         f"-I{SOURCES / 'include'}", str(source), "-x", "none", str(library_path()),
         f"-Wl,-rpath,{library_path().parent}", "-o", str(output)],
        check=True,
    )  # fmt: skip
    return output


def run(program: Path, *arguments: object) -> bytes:
    return subprocess.run([program, *map(str, arguments)], check=True, capture_output=True).stdout


def test_a_program_that_knows_the_header_alone_fills_with_the_laws_bits(program: Path) -> None:
    def f32(value: float) -> int:
        return int(struct.unpack("<I", struct.pack("<f", value))[0])

    def f64(value: float) -> int:
        return int(struct.unpack("<Q", struct.pack("<d", value))[0])

    for law in (reference.normal(0.5, 0.02), reference.uniform(-1, 3), reference.truncated_normal(0, 2)):
        get: Any = law.get
        numbers = [f32(get(p, 0.0)) for p in ("half", "mid", "low", "high", "mean", "std")]
        numbers += [f64(get(p, 0.0)) for p in ("alpha", "beta")]
        for dtype, number in FORMATS.items():
            tensor = recipe("w", dtype, (1000,), law)
            found = run(program, "fill", 0, LAWS[law["law"]], number, 7, tensor.stream, 3, 701, *numbers)
            assert found == whole(tensor)[3:704].tobytes()


def test_a_program_in_c_gets_an_error_for_kernels_and_ranges_that_do_not_exist(program: Path) -> None:
    zeros = ["0"] * 8
    for kernel_number, law, start, code in [(9, 1, 0, 12), (0, 9, 0, 11), (0, 1, (1 << 64) - 1, 11)]:
        arguments = [str(n) for n in ("fill", kernel_number, law, 0, 7, 8, start, 2)] + zeros
        assert subprocess.run([program, *arguments], check=False).returncode == code


def test_the_layouts_of_c_and_of_python_are_those_that_the_library_reports(program: Path) -> None:
    assert [int(n) for n in run(program, "layout").split()] == layout()
    assert ctypes.sizeof(RecipeStruct) == 64


@pytest.mark.parametrize("name", KERNEL_NAMES)
def test_several_messages_of_any_lengths_have_the_digests_of_hashlib(program: Path, name: str) -> None:
    messages = [bytes((7 * i + m) & 255 for i in range(length)) for m, length in enumerate(SHA_LENGTHS)]
    expected = [hashlib.sha256(message).digest() for message in messages]
    assert run(program, "sha256", KERNELS[name], *SHA_LENGTHS) == b"".join(expected)
    arrays = [np.frombuffer(message, np.uint8) for message in messages]
    for count in range(len(arrays) + 1):
        assert named(name).sha256(arrays[:count]) == expected[:count]
    order = np.random.default_rng(3).permutation(len(arrays))
    assert named(name).sha256([arrays[i] for i in order]) == [expected[i] for i in order]


@pytest.mark.parametrize("name", KERNEL_NAMES)
def test_words_are_those_of_the_reference_also_at_the_keys_of_sparse(name: str) -> None:
    struct_ = recipe_struct(7, 11, {"law": "words"}, "float32")
    for first in (0, 1, 5, (1 << 34) - 7, 1 << 63, (1 << 63) + 3, (1 << 64) - 300):
        out = np.empty(300, np.uint32)
        named(name).fill_box(struct_, [300], [0], [300], out, first)
        assert np.array_equal(out, reference.words(7, 11, first, 300))


def test_the_box_of_a_rank_above_the_maximum_is_refused() -> None:
    with pytest.raises(ValueError, match="argument"):
        shape = [1] * 65

        class Fake:  # NumPy has no arrays of this rank
            strides = (0,) * 65
            ctypes = np.empty(1, np.float32).ctypes

        named("best").fill_box(recipe_struct(7, 11, {"law": "words"}, "float32"), shape, [0] * 65, shape, Fake())  # type: ignore[arg-type]


@has_modes
@pytest.mark.parametrize("name", KERNEL_NAMES)
@pytest.mark.parametrize("mode", [FLUSH_TO_ZERO | DENORMALS_ARE_ZERO, ROUND_UP, ROUND_DOWN, ROUND_UP | FLUSH_TO_ZERO])
def test_a_thread_in_another_floating_point_mode_gets_the_same_bits_and_keeps_its_mode(
    name: str, mode: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WINIT_KERNEL", name)
    tiny = {"law": "expression", "draw": reference.normal(), "tree": ["*", "draw", 1e-40]}
    parts = {"law": "parts", "parts": [{"box": [], "law": reference.constant(1e-41)}, {"box": [[1, 3]], "law": tiny}]}
    source = recipe("v", "float32", (4, 6), reference.normal(0, 1e-30))
    tensors = [
        recipe("w", dtype, (8, 40), law)
        for dtype in ("float32", "float16", "bfloat16", "float64")
        for law in (
            reference.normal(0, 1e-39), reference.normal(0.1, 0.02), reference.uniform(-1e-39, 1e-39),
            reference.truncated_normal(0, 0.3, -2.5, 1.7), reference.constant(1e-40), tiny, parts,
            {"law": "orthogonal", "gain": 1.1, "rows": 8},
            {"law": "sparse", "std": float(np.float32(1e-39)), "zeros": 2},
        )
    ]  # fmt: skip
    tensors.append(recipe("g", "float32", (4,), {"law": "norm_of", "name": "v", "axes": [1]}, source=source))
    expected = [whole(tensor) for tensor in tensors]
    with arithmetic_mode(mode):
        before = current_mode()
        # New objects and no cache, so that the law's text is parsed and checked in this mode too.
        checking.parsed_law.cache_clear()
        checking._check.cache_clear()
        found = [
            recipe(t.name, t.dtype, t.shape, t.law, source=t.source).box((0,) * len(t.shape), t.shape, threads=threads)
            for t in tensors
            for threads in (1, 3)
        ]
        after = current_mode()
    assert before == after == (0x1F80 | mode)
    for i, values in enumerate(expected):
        assert same_bits(found[2 * i], values) and same_bits(found[2 * i + 1], values), tensors[i]


@has_modes
def test_numpy_refuses_a_thread_in_another_floating_point_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINIT_BACKEND", "numpy")
    tensor = recipe("w", "float32", (9,), reference.normal(0, 1e-39))
    others = [recipe("w", "float32", (9,), reference.constant(1e-40)), recipe("w", "int8", (9,), reference.constant(1))]
    others.append(recipe("w", "float32", (9,), {"law": "expression", "tree": ["sqrt", ["index", 0]]}))
    for mode in (FLUSH_TO_ZERO, DENORMALS_ARE_ZERO, ROUND_UP, ROUND_DOWN, ROUND_UP | ROUND_DOWN):
        with arithmetic_mode(mode), pytest.raises(reference.FloatingPointModeError):
            tensor[:]
        for other in others:  # their laws need no draw
            with arithmetic_mode(mode), pytest.raises(reference.FloatingPointModeError):
                other[:]
    assert same_bits(tensor[:], whole(tensor))


def in_child(body: Callable[[], bool]) -> None:
    """Runs `body` in a forked process, which must end within a minute and return True."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = 0 if body() else 2
        finally:
            os._exit(status)
    deadline = time.monotonic() + 60
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            assert os.waitstatus_to_exitcode(status) == 0
            return
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            pytest.fail("the child hangs")
        time.sleep(0.01)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this platform")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # a process with threads forks, which is the point
def test_a_forked_process_fills_after_and_while_its_parent_does() -> None:
    tensor = recipe("w", "float32", (1 << 19,), reference.normal())
    expected = tensor[:]
    stop = threading.Event()

    def busy() -> None:
        out = np.empty(tensor.shape, np.float32)
        while not stop.is_set():
            tensor.box((0,), tensor.shape, out, threads=3)

    def body() -> bool:
        values = tensor.box((0,), tensor.shape, threads=4)
        digests = chunk_digests([tensor], 2)["w"]
        return same_bits(values, expected) and digests[0] == hashlib.sha256(expected[: 1 << 18].tobytes()).digest()

    threads = [threading.Thread(target=busy) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(5):
            in_child(body)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert threading.active_count() == 1


def test_32_threads_at_once_get_the_same_bits() -> None:
    law = reference.truncated_normal(0, 0.02)
    tensors = [recipe(f"w{i}", "bfloat16", (300, 130), law) for i in range(32)]
    found: list[Any] = [None] * 32

    def fill(i: int) -> None:
        found[i] = [tensors[i].box((0, 0), (300, 130), threads=2) for _ in range(5)]

    threads = [threading.Thread(target=fill, args=(i,)) for i in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i, tensor in enumerate(tensors):
        expected = whole(tensor)
        assert all(same_bits(values, expected) for values in found[i])


def test_the_first_exception_of_a_thread_is_raised_and_the_others_end() -> None:
    from winit.filling.threads import for_each

    begun: list[int] = []

    def body(item: int) -> None:
        begun.append(item)
        if item == 3:
            raise RuntimeError("third")

    with pytest.raises(RuntimeError, match="third"):
        for_each(iter(range(10**6)), body, 4)
    assert len(begun) < 10**6 and threading.active_count() == 1
