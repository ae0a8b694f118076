"""How a box becomes launches of the kernel: which words, where they lie in memory, and how units are counted.

Pure arithmetic on Python's integers, without PyTorch and Triton.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

LANES = 4
"""Words of a Philox block."""

MOST_ROW_AXES = 3
"""Axes of rows that the kernel knows."""

MOST_UNITS = 1 << 30
"""Units of a launch, so that the kernel counts them in 32 bits."""

_WORTH_SPLITTING = 64
"""Elements of a row from which on three launches cost less than elements that are stored one by one."""


@dataclass(frozen=True)
class Axis:
    """An axis of a box with at least two elements.

    Attributes:
        length: The number of elements.
        words: How far apart the words of neighbors are.
        memory: How far apart neighbors lie in memory, in elements.
    """

    length: int
    words: int
    memory: int


@dataclass(frozen=True)
class UnitAxis:
    """An axis in whose order the kernel counts units.

    Attributes:
        length: The number of rows, or of units of a row.
        words: How far apart the words of neighboring rows are; 0 for the units of a row.
        memory: How far apart the rows lie in memory, in elements; 0 for the units of a row.
    """

    length: int
    words: int
    memory: int


@dataclass(frozen=True)
class Launch:
    """Rows of elements: the words of a row follow each other, and those of two rows are anywhere.

    Attributes:
        first: The index of the first element's word.
        place: Where the first element lies, in elements from the first element of the box.
        rows: The axes on which the rows are; at most `MOST_ROW_AXES`.
        length: The number of elements of a row.
        step: How far apart neighbors in a row lie in memory, in elements.
    """

    first: int
    place: int
    rows: tuple[Axis, ...]
    length: int
    step: int

    @property
    def is_aligned(self) -> bool:
        """Whether each unit is four elements side by side, at a multiple of four elements from the first one."""
        return self.step == 1 and self.length % LANES == 0 and self.first % LANES == 0 and self._rows_are_aligned

    @property
    def units_of_row(self) -> int:
        """The number of Philox blocks that have a word of a row: of any row, if rows begin in different lanes."""
        lane = self.first % LANES if all(axis.words % LANES == 0 for axis in self.rows) else LANES - 1
        return (lane + self.length + LANES - 1) // LANES

    @property
    def units(self) -> int:
        """The number of units of all rows."""
        return math.prod(axis.length for axis in self.rows) * self.units_of_row

    def order(self) -> tuple[list[UnitAxis], int]:
        """Returns the axes in whose order units are counted, and which one counts the units of a row.

        The first axis is the one on which units are nearest in memory, so that neighboring threads write there.
        """
        of_row = UnitAxis(self.units_of_row, 0, 0)
        steps = [(axis.memory, UnitAxis(axis.length, axis.words, axis.memory)) for axis in self.rows]
        axes = [axis for _, axis in sorted([*steps, (LANES * self.step, of_row)], key=lambda each: each[0])]
        return axes, next(number for number, axis in enumerate(axes) if axis is of_row)

    @property
    def _rows_are_aligned(self) -> bool:
        return all(axis.words % LANES == 0 and axis.memory % LANES == 0 for axis in self.rows)

    def split(self) -> Iterator[Launch]:
        """Splits what cannot be launched at once, and off what is not aligned, if that is only the ends of rows."""
        if len(self.rows) > MOST_ROW_AXES:
            shortest = min(self.rows, key=lambda axis: axis.length)
            rest = tuple(axis for axis in self.rows if axis is not shortest)
            for index in range(shortest.length):
                yield from replace(self._moved(index * shortest.words, index * shortest.memory), rows=rest).split()
        elif self.units > MOST_UNITS:
            for half in self._halves():
                yield from half.split()
        elif self.step == 1 and not self.is_aligned and self._rows_are_aligned and self.length >= _WORTH_SPLITTING:
            head = -self.first % LANES
            tail = (self.length - head) % LANES
            middle = self.length - head - tail
            for start, length in ((0, head), (head, middle), (head + middle, tail)):
                if length:
                    yield replace(self._moved(start, start), length=length)
        else:
            yield self

    def _halves(self) -> Iterator[Launch]:
        longest = max(self.rows, key=lambda axis: axis.length, default=None)
        if longest is None or longest.length < self.units_of_row:
            middle = self.length // 2 // LANES * LANES
            yield replace(self, length=middle)
            yield replace(self._moved(middle, middle * self.step), length=self.length - middle)
            return
        middle = longest.length // 2
        for start, length in ((0, middle), (middle, longest.length - middle)):
            rows = (replace(axis, length=length) if axis is longest else axis for axis in self.rows)
            yield replace(self._moved(start * longest.words, start * longest.memory), rows=tuple(rows))

    def _moved(self, words: int, memory: int) -> Launch:
        return replace(self, first=self.first + words, place=self.place + memory)


def launches(
    shape: Sequence[int], offset: Sequence[int], size: Sequence[int], strides: Sequence[int]
) -> Iterator[Launch]:
    """Makes the launches that fill a box.

    Args:
        shape: The axes that count the words, row-major.
        offset: The first index of the box on each of these axes.
        size: The lengths of the box.
        strides: How far apart neighbors on each axis lie in memory, in elements.

    Yields:
        Launches, which together have each element of the box once.

    Example:
        >>> [(each.first, each.length, each.is_aligned) for each in launches((4, 64), (1, 0), (2, 64), (64, 1))]
        [(64, 128, True)]
    """
    if 0 in size:
        return
    words = [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]
    first = sum(start * step for start, step in zip(offset, words, strict=True))
    axes = _merged(Axis(*each) for each in zip(size, words, strides, strict=True) if each[0] > 1)
    row = axes.pop() if axes and axes[-1].words == 1 else Axis(1, 1, 1)
    yield from Launch(first, 0, tuple(axes), row.length, row.memory).split()


def _merged(axes: Iterator[Axis]) -> list[Axis]:
    """Makes one axis of neighboring axes without a gap, in the words and in memory."""
    made: list[Axis] = []
    for axis in axes:
        outer = made[-1] if made else None
        if outer and (outer.words, outer.memory) == (axis.length * axis.words, axis.length * axis.memory):
            made[-1] = replace(axis, length=outer.length * axis.length)
        else:
            made.append(axis)
    return made
