"""winit.jax on eight devices of the CPU: meshes, flax, and abstract states."""

from __future__ import annotations

import pytest

from jax_support import EIGHT_DEVICES, run_in_child

pytest.importorskip("jax")
pytest.importorskip("flax")


def test_every_device_has_its_elements_and_each_distinct_shard_is_made_once() -> None:
    assert run_in_child("make_arrays_on_meshes", EIGHT_DEVICES) == "equal"


def test_each_device_generates_what_it_holds_inside_jit_without_communication_also_of_uneven_shards() -> None:
    assert run_in_child("generate_under_shardings", EIGHT_DEVICES) == "equal"


def test_the_abstract_state_of_linen_with_logical_axes_is_made_on_a_mesh() -> None:
    pytest.importorskip("optax")
    assert run_in_child("make_the_state_of_linen", EIGHT_DEVICES) == "equal"


def test_the_abstract_state_of_nnx_is_made_on_the_mesh_that_is_set_or_given() -> None:
    assert run_in_child("make_the_state_of_nnx", EIGHT_DEVICES) == "equal"


def test_a_leaf_that_the_sharding_does_not_divide_is_refused_before_anything_is_made() -> None:
    assert run_in_child("refuse_uneven_shards", EIGHT_DEVICES) == "refused after 0 boxes"
