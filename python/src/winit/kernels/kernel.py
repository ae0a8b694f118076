"""A kernel: the functions of winit_kernels.h on one instruction set, for NumPy arrays."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np

from .structs import BLOCK, SCRATCH, STATUS, RecipeStruct


class Kernel:
    """The functions of the shared library, on one instruction set. They release the GIL.

    Attributes:
        name: "avx512", "avx2", "sse2" or "neon".
        lanes: How many messages `sha256` hashes at once.
    """

    def __init__(self, library: ctypes.CDLL, number: int) -> None:
        """Makes the kernel of a number of `structs.KERNELS` that the processor has."""
        self._library, self._number = library, number
        self.name: str = library.winit_kernel_name(number).decode("ascii")
        self.lanes = int(library.winit_sha256_lanes(number))

    def fill_box(
        self,
        recipe: RecipeStruct,
        shape: Sequence[int],
        offset: Sequence[int],
        size: Sequence[int],
        out: np.ndarray[Any, Any],
        first: int = 0,
    ) -> None:
        """Fills an array of any strides with a box of a tensor.

        Args:
            recipe: The recipe, from `structs.recipe_struct`.
            shape: The lengths of the tensor's axes.
            offset: The first index of the box on each axis.
            size: The lengths of the box.
            out: An array of the shape `size`, whose items have the size of the format: 4 bytes for words.
            first: The index of the word of the tensor's first element.
        """
        rank = len(shape)
        numbers = ctypes.c_uint64 * rank
        strides = (ctypes.c_int64 * rank)(*out.strides)
        self._check(
            self._library.winit_fill_box(
                self._number,
                recipe,
                rank,
                numbers(*map(int, shape)),
                numbers(*map(int, offset)),
                numbers(*map(int, size)),
                strides,
                first,
                out.ctypes.data,
            )
        )

    def sha256(self, messages: Sequence[np.ndarray[Any, Any]]) -> list[bytes]:
        """Computes the SHA-256 of messages.

        Args:
            messages: Contiguous arrays of bytes.

        Returns:
            A digest of 32 bytes for each.
        """
        count = len(messages)
        addresses = (ctypes.c_void_p * count)(*(message.ctypes.data for message in messages))
        lengths = (ctypes.c_uint64 * count)(*(message.nbytes for message in messages))
        digests = ctypes.create_string_buffer(32 * count)
        self._check(self._library.winit_sha256(self._number, count, addresses, lengths, digests))
        return [digests.raw[32 * i : 32 * i + 32] for i in range(count)]

    def reflect(self, matrix: np.ndarray[Any, Any], width: int, first: int) -> Reflections:
        """Computes the reflections of the block of columns from `first` on, of a matrix in panels.

        Args:
            matrix: A float64 array [panels, height, 16].
            width: The number of columns.
            first: The first column, a multiple of 64.
        """
        height = matrix.shape[1]
        v, t, signs = np.empty((height - first, BLOCK)), np.empty((BLOCK, BLOCK)), np.empty(BLOCK)
        self._check(
            self._library.winit_orthogonal_reflect(
                self._number,
                matrix.ctypes.data,
                height,
                width,
                first,
                v.ctypes.data,
                t.ctypes.data,
                signs.ctypes.data,
            )
        )
        return Reflections(first, v, t, signs)

    def apply(
        self, matrix: np.ndarray[Any, Any], block: Reflections, transposed: bool, panel: int, panels: int
    ) -> None:
        """Applies a block of reflections, or its transpose, to panels of a matrix."""
        scratch = np.empty(SCRATCH)
        self._check(
            self._library.winit_orthogonal_apply(
                self._number,
                matrix.ctypes.data,
                matrix.shape[1],
                block.first,
                block.v.ctypes.data,
                block.t.ctypes.data,
                int(transposed),
                panel,
                panels,
                scratch.ctypes.data,
            )
        )

    def arithmetic_enter(self) -> int:
        """Puts the calling thread into the floating-point mode of the law, and returns its mode."""
        return int(self._library.winit_arithmetic_enter())

    def arithmetic_leave(self, mode: int) -> None:
        """Puts the calling thread back into a mode."""
        self._library.winit_arithmetic_leave(mode)

    def _check(self, status: int) -> None:
        if status != 0:
            raise ValueError(f"the kernel {self.name} refused: {STATUS.get(status, status)}")


class Reflections:
    """A block of 64 reflections (docs/law.md, "Orthogonal").

    Attributes:
        first: The first column of the block.
        v: V, (height - first) × 64.
        t: T, 64 × 64.
        signs: The sign of each column.
    """

    def __init__(
        self, first: int, v: np.ndarray[Any, Any], t: np.ndarray[Any, Any], signs: np.ndarray[Any, Any]
    ) -> None:
        """Makes a block."""
        self.first, self.v, self.t, self.signs = first, v, t, signs
