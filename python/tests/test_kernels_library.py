"""Which implementation fills, and libraries of the kernels that are not the right ones."""

from __future__ import annotations

import hashlib
import platform
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from filling_support import KERNEL_NAMES, SHA_LENGTHS, SOURCES, compiler, needs_kernels
from winit import BadInput, Unavailable, backend, reference
from winit.kernels import Kernel, kernel
from winit.kernels.library import library_path, load
from winit.kernels.structs import KERNELS, layout

pytestmark = needs_kernels


def test_the_variables_choose_the_backend_and_wrong_values_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WINIT_KERNEL", raising=False)
    for value, expected in [("", "native"), ("native", "native"), ("numpy", "numpy")]:
        monkeypatch.setenv("WINIT_BACKEND", value)
        assert backend() == expected
    monkeypatch.setenv("WINIT_BACKEND", "cuda")
    with pytest.raises(BadInput, match="WINIT_BACKEND"):
        backend()
    monkeypatch.setenv("WINIT_BACKEND", "")
    monkeypatch.setenv("WINIT_KERNEL", "scalar")
    assert backend() == "numpy"
    for value in ("avx1024", "neon" if platform.machine() == "x86_64" else "sse2"):
        monkeypatch.setenv("WINIT_KERNEL", value)
        with pytest.raises(BadInput, match="WINIT_KERNEL"):
            backend()
    for name in KERNEL_NAMES:
        monkeypatch.setenv("WINIT_KERNEL", name)
        used = kernel()
        assert used is not None and used.name == name


def test_the_known_answer_is_the_references() -> None:
    from winit.kernels import library

    digest = hashlib.sha256()
    for law in library.ANSWER_LAWS:
        drawn = reference.words(42, 1234567891234, 0, 4096)
        digest.update(reference.law_values(law, drawn).astype("<f4").tobytes())  # type: ignore[arg-type]
    assert digest.hexdigest() == library._ANSWER


def edited(folder: Path, *edits: tuple[str, str, str]) -> Path:
    """Builds the library from edited sources: each edit names a file, and what replaces a text in it."""
    command = compiler("clang")
    sources = shutil.copytree(SOURCES, folder / "sources")
    for name, old, new in edits:
        text = (sources / name).read_text(encoding="utf-8")
        assert old in text
        (sources / name).write_text(text.replace(old, new), encoding="utf-8")
    output = folder / "libedited.so"
    flags = ["-O1", "-w", "-fPIC", "-shared", f"-I{sources / 'include'}"]
    subprocess.run([command, *flags, *sources.glob("*.c"), "-o", output], check=True)
    return output


@pytest.fixture(scope="module")
def edited_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library with another coefficient of the normal draw, and without the processor's SHA instructions."""
    return edited(
        tmp_path_factory.mktemp("edited"),
        ("kernel.h", "0x1.ca3758p-2f", "0x1.ca375ap-2f"),
        ("sha256_streams.c", "processor() & PROCESSOR_SHA", "0"),
        ("sha256_messages.c", "processor() & PROCESSOR_SHA", "0"),
    )


def stub_library(folder: Path, version: str, numbers: list[int]) -> Path:
    """A library that only reports a version and layouts."""
    source, output = folder / "stub.c", folder / "libstub.so"
    source.write_text(
        f"""
        #include <stddef.h>
        unsigned winit_kernels_version(void) {{ return {version}; }}
        size_t winit_kernels_layout(size_t *numbers, size_t capacity) {{
          static const size_t all[] = {{{", ".join(map(str, numbers))}}};
          for (size_t i = 0; i < capacity && i < {len(numbers)}; i++) numbers[i] = all[i];
          return {len(numbers)};
        }}
        """,
        encoding="utf-8",
    )
    subprocess.run([compiler("clang", "gcc", "cc"), "-fPIC", "-shared", source, "-o", output], check=True)
    return output


def refusal(path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The error of an installation that has this library, which says what to do."""
    monkeypatch.setattr("winit.kernels.choice.library_path", lambda: path)
    monkeypatch.delenv("WINIT_KERNEL", raising=False)
    monkeypatch.setenv("WINIT_BACKEND", "")
    with pytest.raises(Unavailable) as caught:
        backend()
    assert "WINIT_BACKEND=numpy" in str(caught.value) and str(path) in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("version", "change", "words"),
    [
        ("0x20000", 0, "interface 2.0"),
        ("0xFFFF", 0, "interface 0.65535"),
        ("0x10000", 8, "lay out their structs"),
        ("0x10005", 0, "is not the library of the kernels"),  # a later minor version is fine, but functions are missing
    ],
)
def test_a_library_of_another_interface_is_an_error_that_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, change: int, words: str
) -> None:
    numbers = layout()
    numbers[3] += change
    assert words in refusal(stub_library(tmp_path, version, numbers), monkeypatch)


def test_a_library_that_computes_wrong_values_is_an_error_that_says_so(
    edited_library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "wrong values" in refusal(edited_library, monkeypatch)


def test_the_portable_sha256_has_the_digests_of_hashlib(edited_library: Path) -> None:
    portable = Kernel(load(edited_library), KERNELS[KERNEL_NAMES[0]])
    messages = [np.arange(length, dtype=np.uint32).astype(np.uint8) for length in SHA_LENGTHS]
    assert portable.sha256(messages) == [hashlib.sha256(message.tobytes()).digest() for message in messages]


def test_a_processor_with_sha_instructions_and_without_avx2_hashes_two_messages_at_once(tmp_path: Path) -> None:
    if platform.machine() != "x86_64" or Kernel(load(library_path()), KERNELS["sse2"]).lanes != 4:
        pytest.skip("needs a processor of x86-64 with SHA instructions and AVX2")
    library = edited(tmp_path, ("sha256_messages.c", "processor() & PROCESSOR_AVX2", "0"))
    without_avx2 = Kernel(load(library), KERNELS["sse2"])
    assert without_avx2.lanes == 2
    messages = [np.arange(length, dtype=np.uint32).astype(np.uint8) for length in SHA_LENGTHS]
    assert without_avx2.sha256(messages) == [hashlib.sha256(message.tobytes()).digest() for message in messages]


def test_a_file_that_is_no_library_or_another_is_an_error_and_a_missing_one_is_numpy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WINIT_KERNEL", raising=False)
    path = tmp_path / "libwinit_kernels.so"
    monkeypatch.setattr("winit.kernels.choice.library_path", lambda: path)
    monkeypatch.setenv("WINIT_BACKEND", "")
    assert backend() == "numpy"
    monkeypatch.setenv("WINIT_BACKEND", "native")
    with pytest.raises(Unavailable, match="no kernels"):
        backend()
    path.write_bytes(b"not a library")
    monkeypatch.setenv("WINIT_BACKEND", "")
    with pytest.raises(Unavailable, match="cannot load"):
        backend()
    other = next((p for p in Path("/lib/x86_64-linux-gnu").glob("libz.so*")), None)
    if other is not None:
        monkeypatch.setattr("winit.kernels.choice.library_path", lambda: other)
        with pytest.raises(Unavailable, match="is not the library"):
            backend()
