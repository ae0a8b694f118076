"""Philox4x32-10, words and streams (docs/law.md, "Words")."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from winit import reference

VECTORS = Path(__file__).parents[2] / "Tests" / "Vectors"


def known_answers() -> list[list[int]]:
    lines = (VECTORS / "philox4x32-10.kat").read_text().splitlines()
    return [[int(column, 16) for column in line.split()] for line in lines if not line.startswith("#")]


@pytest.mark.parametrize("row", known_answers())
def test_philox_gives_the_answers_published_with_random123(row: list[int]) -> None:
    c0, c1, c2, c3, k0, k1, *expected = row
    result = reference.philox(([c0], [c1], [c2], [c3]), (k0, k1))
    assert [int(lane[0]) for lane in result] == expected


def test_the_first_block_is_the_one_that_the_law_prints() -> None:
    assert reference.blocks(0, 0, 0, 1).tolist() == [[0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]]


def test_element_i_takes_lane_i_mod_4_of_block_i_div_4() -> None:
    lanes = reference.blocks(7, 9, 2**32 - 1, 3).reshape(-1)
    first = 4 * (2**32 - 1)
    for start in range(9):
        assert reference.words(7, 9, first + start, 3).tolist() == lanes[start : start + 3].tolist()


def test_no_words_have_shape_0() -> None:
    assert reference.words(1, 2, 3, 0).shape == (0,)
    assert reference.blocks(1, 2, 3, 0).shape == (0, 4)


@pytest.mark.parametrize(
    ("seed", "stream", "start"), [(2**64, 0, 0), (-1, 0, 0), (0, 2**64, 0), (0, -1, 0), (0, 0, 2**66)]
)
def test_numbers_of_more_than_64_bits_are_refused(seed: int, stream: int, start: int) -> None:
    with pytest.raises(ValueError, match="64 bits"):
        reference.words(seed, stream, start, 1)


@pytest.mark.parametrize("name", ["w", "transformer.h.11.mlp.c_proj.weight", "\u00e9", "e\u0301", "🔥"])
def test_the_stream_is_the_first_eight_bytes_of_the_names_sha256(name: str) -> None:
    digest = hashlib.sha256(name.encode()).digest()
    assert reference.name_stream(name) == sum(byte << 8 * place for place, byte in enumerate(digest[:8]))


def test_names_that_look_alike_have_different_streams() -> None:
    assert reference.name_stream("\u00e9") != reference.name_stream("e\u0301")


def test_seeds_and_streams_give_different_words() -> None:
    base = reference.words(1, 2, 0, 8)
    assert not np.array_equal(base, reference.words(1 + 2**32, 2, 0, 8))
    assert not np.array_equal(base, reference.words(1, 2 + 2**32, 0, 8))


def test_words_of_any_elements_are_those_of_the_stream() -> None:
    stream = reference.words(7, 9, 0, 400)
    indices = np.random.default_rng(1).integers(0, 400, (30, 7)).astype(np.uint64)
    assert np.array_equal(reference.words_at(7, 9, indices), stream[indices])
    far = np.array([2**63, 2**64 - 1, 2**34 + 1], np.uint64)
    expected = [int(reference.words(7, 9, int(index), 1)[0]) for index in far]
    assert reference.words_at(7, 9, far).tolist() == expected
    assert reference.words_at(7, 9, np.empty((3, 0), np.uint64)).shape == (3, 0)
