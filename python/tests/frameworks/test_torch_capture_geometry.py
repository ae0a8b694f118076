"""Views of a storage within each other, against the elements that PyTorch itself addresses."""

from __future__ import annotations

import random
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from winit.torch.capturing.contents import geometry  # noqa: E402
from winit.torch.capturing.geometry import (  # noqa: E402
    Geometry,
    box_of,
    contiguous,
    disjoint,
    locate,
    merged,
    repeats,
    through,
)
from winit.torch.capturing.mixing import constant_boxes, uncovered  # noqa: E402


def random_view(rng: random.Random) -> Any:
    """A view of 48 numbers, each of which is its own position, by random view operations."""
    tensor = torch.arange(48).view(rng.choice([(48,), (6, 8), (4, 3, 4), (2, 24), (2, 1, 6, 4)]))
    for _ in range(rng.randrange(5)):
        kind = rng.randrange(7)
        axis = rng.randrange(tensor.dim()) if tensor.dim() else 0
        if tensor.dim() == 0:
            break
        length = tensor.shape[axis]
        if kind == 0:
            tensor = tensor.transpose(axis, rng.randrange(tensor.dim()))
        elif kind == 1 and length > 1:
            start = rng.randrange(length)
            tensor = tensor.narrow(axis, start, rng.randrange(1, length - start + 1))
        elif kind == 2 and tensor.dim() > 1:
            tensor = tensor.select(axis, rng.randrange(length))
        elif kind == 3 and length > 2:
            tensor = tensor[(slice(None),) * axis + (slice(rng.randrange(2), None, 2),)]
        elif kind == 4 and tensor.is_contiguous():
            tensor = tensor.view(-1)
        elif kind == 5:
            tensor = tensor.unsqueeze(axis)
        elif kind == 6 and length % 2 == 0:
            tensor = tensor.unflatten(axis, (2, length // 2))
    return tensor


def positions(view: Geometry) -> list[int]:
    """The positions of a view's elements, as PyTorch addresses them."""
    found: list[int] = torch.arange(1000).as_strided(view.shape, view.strides, view.offset).reshape(-1).tolist()
    return found


def pairs(count: int) -> list[tuple[Geometry, Geometry]]:
    rng = random.Random(5)
    views = [geometry(random_view(rng)) for _ in range(count)]
    return [(rng.choice(views), rng.choice(views)) for _ in range(4 * count)]


def test_a_place_is_found_for_the_elements_that_the_outer_view_has() -> None:
    found = 0
    for outer, inner in pairs(400):
        place = locate(outer, inner)
        if place is None:
            continue
        found += 1
        assert set(positions(inner)) <= set(positions(outer))
        # What the outer view holds, here its own order of elements, is followed to the inner view.
        held = dict(zip(positions(outer), range(outer.size), strict=True))
        values = through(place, inner, contiguous(outer.shape))
        if values is not None:
            assert positions(values) == [held[p] for p in positions(inner)]
        box = box_of(place)
        if box is not None:
            assert sorted(positions(outer.part(box))) == sorted(positions(inner))
    assert found > 200


def test_a_view_of_a_contiguous_tensor_has_a_place_in_it_if_it_has_regular_steps() -> None:
    rng = random.Random(3)
    missed = 0
    for _ in range(500):
        view = random_view(rng)
        for shape in ((48,), (6, 8), (4, 12)):
            missed += locate(contiguous(shape), geometry(view)) is None
    assert missed < 300  # of 1500: steps that cross rows in the middle


def test_views_that_are_called_disjoint_have_no_common_element() -> None:
    apart = 0
    for a, b in pairs(400):
        common = set(positions(a)) & set(positions(b))
        if disjoint(a, b):
            assert not common
            apart += 1
    assert apart > 50
    columns = torch.arange(48).view(6, 8)
    assert disjoint(geometry(columns[:, :4]), geometry(columns[:, 4:]))
    assert not disjoint(geometry(columns[:, :5]), geometry(columns[:, 4:]))


def test_merged_views_list_the_same_elements_in_order() -> None:
    rng = random.Random(9)
    for _ in range(300):
        view = geometry(random_view(rng))
        assert positions(merged(view)) == positions(view)


def test_repeated_elements_are_found() -> None:
    tensor = torch.arange(12)
    for view in (tensor[:1].expand(4), tensor.view(3, 4)[:, :1].expand(3, 2), tensor.as_strided((3, 3), (1, 1))):
        assert repeats(geometry(view))
    rng = random.Random(2)
    for _ in range(300):
        view = geometry(random_view(rng))
        assert not repeats(view) and len(set(positions(view))) == view.size


def test_boxes_of_equal_numbers_cover_a_tensor_once() -> None:
    rng = random.Random(4)
    for _ in range(200):
        tensor = torch.zeros(rng.choice([(7,), (4, 5), (2, 3, 4)]))
        for _ in range(rng.randrange(4)):
            place = tensor
            for axis, length in enumerate(tensor.shape):
                start = rng.randrange(length)
                place = place.narrow(axis, start, rng.randrange(1, length - start + 1))
            place.fill_(rng.choice([0.0, -0.0, 1.0, 2.0]))
        boxes = constant_boxes(tensor)
        assert boxes is not None
        made, times = torch.full_like(tensor, 9.0), torch.zeros_like(tensor)
        for box, number in boxes:
            made[tuple(slice(a, b) for a, b in box)] = number
            times[tuple(slice(a, b) for a, b in box)] += 1
        assert bool((times == 1).all())
        assert torch.equal(made.view(torch.int32), tensor.view(torch.int32))  # bits: −0 is not 0


def test_the_elements_that_boxes_leave_are_counted() -> None:
    rng = random.Random(6)
    for _ in range(200):
        mask, boxes = torch.zeros(5, 6, dtype=torch.bool), []
        for _ in range(rng.randrange(5)):
            rows, columns = sorted(rng.sample(range(6), 2)), sorted(rng.sample(range(7), 2))
            boxes.append(((rows[0], rows[1]), (columns[0], columns[1])))
            mask[rows[0] : rows[1], columns[0] : columns[1]] = True
        assert uncovered(((1, 5), (0, 4)), boxes) == int((~mask[1:5, 0:4]).sum())
