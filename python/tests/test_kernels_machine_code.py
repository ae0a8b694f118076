"""What clang must make of the kernels, so that their speed depends on no accident. The bits do not depend on it."""

from __future__ import annotations

import platform
import re
import subprocess
from functools import cache

import pytest

from filling_support import SOURCES, compiler

pytestmark = pytest.mark.skipif(
    platform.machine().lower() not in ("x86_64", "amd64"), reason="the machine code is that of x86-64"
)

KERNELS = {
    "kernels.c": ("fill_any_avx2", "fill_any_avx512", "reflect_rest_avx2"),
    "sha256_lanes.c": ("winit_sha256_avx2", "winit_sha256_avx512"),
}
"""The functions whose vectors do not fit into registers."""


@cache
def functions(source: str) -> dict[str, list[str]]:
    """The instructions of each function of a source file, with the flags of the package."""
    flags = ["-std=c11", "-O2", "-fPIC", "-ffp-contract=off", "-Wno-psabi", f"-I{SOURCES / 'include'}"]
    command = [compiler("clang"), *flags, "-S", str(SOURCES / source), "-o", "-"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found: dict[str, list[str]] = {}
    name = ""
    for line in text.splitlines():
        if label := re.match(r"_?([A-Za-z]\w*):", line):
            name = label[1]
        elif line.startswith("\t") and not line.startswith("\t."):
            found.setdefault(name, []).append(line.strip())
    return found


@pytest.mark.parametrize(("source", "name"), [(source, name) for source, names in KERNELS.items() for name in names])
def test_vectors_on_the_stack_are_aligned(source: str, name: str) -> None:
    """A vector on a stack of 16 bytes' alignment crosses lines of the cache, or not, depending on the caller."""
    code = functions(source)[name]
    on_stack = [line for line in code if re.search(r"%[yz]mm", line) and re.search(r"\(%r[sb]p\)", line)]
    assert on_stack, "the test looks at functions that keep vectors on the stack"
    assert any(re.match(r"andq\s+\$-(32|64), %rsp", line) for line in code)
    assert not [line for line in on_stack if re.match(r"vmov(dqu\d*|ups|upd)\s", line)]


def test_words_need_no_64_bit_multiplication() -> None:
    """`vpmullq` is three operations; `vpmuludq`, of the low halves of the lanes, is one."""
    code = functions("kernels.c")["fill_any_avx512"]
    assert any(line.startswith("vpmuludq") for line in code)
    assert not [line for line in code if line.startswith("vpmullq")]
