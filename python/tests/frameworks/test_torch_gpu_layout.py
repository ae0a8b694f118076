"""How a box becomes launches of the kernel: every element once, in units that fit, whatever shape and strides."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("torch")

from winit.torch.gpu import layout
from winit.torch.gpu.layout import Launch, launches
from winit.torch.gpu.parameters import halves

Place = tuple[int, ...]


def written(launch: Launch) -> Iterator[tuple[int, int]]:
    """What a launch writes, word and place, as the kernel counts: unit by unit, lane by lane."""
    axes, row = launch.order()
    for unit in range(launch.units):
        rest, word, place, block = unit, launch.first, launch.place, 0
        for number, axis in enumerate(axes):
            index = rest % axis.length if number < len(axes) - 1 else rest
            rest //= axis.length
            if number == row:
                block = index
            word += index * axis.words
            place += index * axis.memory
        for lane in range(4):
            element = 4 * block + lane - (0 if launch.is_aligned else word % 4)
            if launch.is_aligned or 0 <= element < launch.length:
                yield word // 4 * 4 + 4 * block + lane, place + element * launch.step


def elements(shape: Place, offset: Place, size: Place, strides: Place) -> list[tuple[int, int]]:
    """The word and the place of each element of a box, from the definition."""
    found = []
    for index in itertools.product(*map(range, size)):
        word = 0
        for start, step, length in zip(offset, index, shape, strict=True):
            word = word * length + start + step
        found.append((word, sum(step * stride for step, stride in zip(index, strides, strict=True))))
    return sorted(found)


def random_box(numbers: random.Random) -> tuple[Place, Place, Place, Place]:
    rank = numbers.randint(0, 6)
    shape = tuple(numbers.choice((1, 2, 3, 4, 5, 8, 70 if rank < 3 else 6)) for _ in range(rank))
    offset = tuple(numbers.randint(0, length - 1) for length in shape)
    size = tuple(numbers.randint(1, length - start) for length, start in zip(shape, offset, strict=True))
    strides, reach = [0] * rank, 1
    for axis in numbers.sample(range(rank), rank) if numbers.random() < 0.5 else reversed(range(rank)):
        strides[axis] = reach
        reach *= size[axis] + numbers.choice((0, 0, 0, 1, 4))

    return shape, offset, size, tuple(strides)


ODD_ROWS = [
    ((5, 7), (0, 0), (3, 4), (4, 1)),  # rows of four elements that begin in different lanes
    ((5, 8), (0, 4), (3, 4), (5, 1)),  # and in memory at places that are not multiples of four
]


@pytest.mark.parametrize("most", [layout.MOST_UNITS, 8])
def test_the_launches_of_a_box_write_each_element_once(monkeypatch: Any, most: int) -> None:
    monkeypatch.setattr(layout, "MOST_UNITS", most)
    numbers = random.Random(16)  # any seed; this one is the number of the issue
    for box in [*ODD_ROWS, *(random_box(numbers) for _ in range(400))]:
        made = list(launches(*box))
        assert sorted(pair for launch in made for pair in written(launch)) == elements(*box), box
        assert all(launch.units <= most and len(launch.order()[0]) <= 4 for launch in made)


def test_aligned_launches_write_four_elements_side_by_side_at_multiples_of_four() -> None:
    numbers = random.Random(17)
    aligned = 0
    for _ in range(100):
        rows, wide, start, length = (4 * numbers.randint(1, 9) for _ in range(4))
        shape = (rows, start + length + wide)
        for launch in launches(shape, (2, start + numbers.randint(0, 1)), (rows - 2, length), (length + wide, 1)):
            if launch.is_aligned:
                aligned += 1
                pairs = sorted(written(launch))
                assert all(word % 4 == (place - launch.place) % 4 for word, place in pairs)
                assert len(pairs) == 4 * launch.units
    assert aligned > 40
    assert not any(launch.is_aligned for box in ODD_ROWS for launch in launches(*box))


def test_whole_tensors_and_shards_of_rows_are_one_aligned_row() -> None:
    assert list(launches((300, 64), (0, 0), (300, 64), (64, 1))) == [Launch(0, 0, (), 300 * 64, 1)]
    [rows] = launches((300, 64), (37, 0), (38, 64), (64, 1))
    assert (rows.first, rows.length, rows.is_aligned) == (37 * 64, 38 * 64, True)


def test_only_the_ends_of_long_rows_are_not_aligned() -> None:
    made = list(launches((10_001,), (1,), (9_999,), (1,)))
    assert [(each.first, each.place, each.length, each.is_aligned) for each in made] == [
        (1, 0, 3, False), (4, 3, 9996, True),
    ]  # fmt: skip


def test_a_tensor_of_more_elements_than_32_bits_count_is_split() -> None:
    made = list(launches((2**40,), (5,), (2**36 + 3,), (1,)))
    assert sum(each.length for each in made) == 2**36 + 3
    assert all(each.units <= layout.MOST_UNITS for each in made)
    assert [each.first for each in made] == sorted(each.first for each in made)
    assert all(each.place == each.first - 5 for each in made)
    rows = list(launches((2**20, 2**20), (0, 1), (2**20, 2**17 + 1), (2**17 + 1, 1)))
    assert sum(each.length * math.prod(axis.length for axis in each.rows) for each in rows) == 2**20 * (2**17 + 1)
    assert all(each.units <= layout.MOST_UNITS for each in rows)


def test_neighboring_units_lie_near_each_other_in_memory() -> None:
    [columns] = launches((64, 128), (0, 0), (64, 128), (1, 64))
    axes, row = columns.order()
    assert [axis.length for axis in axes] == [64, 32] and row == 1


def test_numbers_pass_as_signed_halves() -> None:
    for value in (0, 1, 2**31, 2**32 - 1, 2**32, 2**63, 2**64 - 1, -1, -(2**40)):
        low, high = halves(value)
        assert min(low, high) >= -(2**31) and max(low, high) < 2**31
        assert ((high << 32) | (low & 0xFFFFFFFF)) % 2**64 == value % 2**64
