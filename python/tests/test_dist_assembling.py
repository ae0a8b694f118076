"""winit.dist: the id from the digests of any workers is the id of the reference, and what differs is named."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import replace
from typing import Any

import pytest

import winit.filling
from dist_support import MIB, changed, model, reference_chunks, reference_id
from recipe_support import VECTORS, random_tensors
from winit import BadInput, Mismatch, Recipe, Spec, dist, reference
from winit.dist import ChunkDigests, ChunkRange


def digests(recipe: Recipe, world: int) -> list[ChunkDigests]:
    return [dist.digests(recipe, share, threads=1) for share in dist.shares(recipe, world)]


def small() -> Recipe:
    laws = {"a": ("float32", (3, MIB // 4), reference.uniform(-1, 1)), "b": ("int64", (3,), reference.constant(1))}
    return Recipe.from_laws(42, laws)


@pytest.mark.parametrize("world", [1, 2, 3, 5, 16])
def test_the_id_is_that_of_the_reference_at_any_number_of_workers(world: int) -> None:
    recipe = model()
    expected = reference_id(recipe)
    assert dist.assemble(recipe, digests(recipe, world)) == expected == recipe.id


@pytest.mark.parametrize("seed", range(3))
def test_the_id_of_every_law_is_that_of_the_reference(seed: int) -> None:
    recipe = Spec(tuple(random_tensors(random.Random(seed), 30))).recipe(seed)
    expected = reference_id(recipe)
    assert dist.assemble(recipe, digests(recipe, 4)) == expected


def test_the_id_of_the_example_in_the_documents_is_the_one_there() -> None:
    text = (VECTORS / "manifest-example.json").read_text(encoding="utf-8")
    recipe = Recipe.loads(text)
    bare = Recipe(recipe.seed, [replace(tensor, digest=None) for tensor in recipe.values()])
    assert dist.assemble(bare, digests(bare, 3)) == (
        "sha256:0452c82feb29ad8671710b21f335cb2506cfa86f7bb937137ec87b5e8404488c"
    )


def test_the_digests_of_a_share_are_those_of_its_chunks() -> None:
    recipe = model()
    ranges = [ChunkRange("é", 1, 3), ChunkRange("wte", 2, 3), ChunkRange("matrices", 1, 2), ChunkRange("wte", 0, 1)]
    part = dist.digests(recipe, ranges)
    expected = [reference_chunks(recipe, name)[chunk] for name, start, stop in ranges for chunk in range(start, stop)]
    assert part.digests == b"".join(expected)
    assert (len(part), part.ranges) == (5, tuple(ranges))
    plain: Any = [("wte", 2, 3)]  # as a scheduler hands them on
    assert dist.digests(recipe, plain).digests == reference_chunks(recipe, "wte")[2]


def test_the_workers_together_make_each_byte_once_and_a_thread_16_mib_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    laws = {"w": ("float32", (70, MIB // 4), reference.uniform(-1, 1)), "b": ("float32", (9,), reference.normal())}
    recipe = Recipe.from_laws(1, {**laws, "tied": ("float32", (9,), {"law": "same_as", "name": "b"})})
    made, engine = list[int](), winit.filling.fill_range

    def fill_range(tensor: Any, start: int, count: int, *rest: Any) -> Any:
        made.append(count * 4)
        return engine(tensor, start, count, *rest)

    monkeypatch.setattr(winit.filling, "fill_range", fill_range)
    digests(recipe, 3)
    assert sum(made) == 70 * MIB + 36
    assert max(made) <= 16 * MIB


def test_digests_come_in_any_order_from_any_division_and_more_than_once() -> None:
    recipe, expected = model(), reference_id(model())
    mixed = [*digests(recipe, 3)[::-1], *digests(recipe, 2)]
    assert dist.assemble(recipe, iter(mixed)) == expected
    whole: Any = dist.digests(recipe, dist.shares(recipe, 1)[0])
    assert dist.assemble(model(), [whole]) == expected
    with pytest.raises(BadInput, match="a list of ChunkDigests, not one of them"):
        dist.assemble(model(), whole)


def test_a_missing_share_is_an_error_that_names_the_first_chunk_and_changes_nothing() -> None:
    recipe = small()
    with pytest.raises(BadInput, match=r"^2 of 4 chunks are missing, first chunk 2 of `a`\. "):
        dist.assemble(recipe, [dist.digests(recipe, [ChunkRange("a", 0, 2)])])
    with pytest.raises(BadInput, match=r"^4 of 4 chunks are missing, first chunk 0 of `a`\. "):
        dist.assemble(recipe, [])
    assert recipe.id is None and recipe["b"].digest is None


def test_digests_of_another_recipe_are_refused() -> None:
    recipe = small()
    others = [
        recipe.with_seed(43),
        recipe.rename(lambda name: {"a": "c"}.get(name, name)),
        recipe.select("a"),
        Recipe(42, [replace(recipe["a"], dtype="float64"), recipe["b"]]),
    ]
    for other in others:
        with pytest.raises(BadInput, match="the digests at index 1 are of another recipe"):
            dist.assemble(recipe, [digests(recipe, 1)[0], digests(other, 1)[0]])
    wrong: Any = [b"\0" * 128]
    with pytest.raises(BadInput, match="index 0 of the list is a bytes, and not the ChunkDigests"):
        dist.assemble(recipe, wrong)
    assert recipe.id is None


def test_a_recipe_whose_digests_are_known_has_the_digests_of_one_whose_digests_are_not() -> None:
    recipe, bare = small(), small()
    expected = recipe.compute_id()
    assert dist.assemble(bare, digests(recipe, 2)) == expected
    assert dist.assemble(recipe, digests(bare, 2)) == expected


def test_two_workers_that_disagree_are_a_mismatch_that_names_the_chunk() -> None:
    recipe = small()
    first, second = digests(recipe, 2)
    with pytest.raises(
        Mismatch, match=r"`a`: chunk 1 has the digest [0-9a-f]{64} at index 0 and .* at index 2"
    ) as error:
        dist.assemble(recipe, [first, second, changed(first, 1)])
    [finding] = error.value.findings
    assert getattr(finding, "tensor", None) == "a"
    assert recipe.id is None


def test_a_claim_that_the_bytes_do_not_have_is_a_mismatch_and_changes_nothing() -> None:
    recipe = small()
    recipe.compute_id()
    false = Recipe.loads(recipe.dumps().replace(str(recipe["b"].digest), "sha256:" + "0" * 64))
    before = false.id
    made = digests(false, 2)
    with pytest.raises(Mismatch, match="`b`: the recipe claims the digest sha256:0000"):
        dist.assemble(false, made)
    assert false.id == before
    [finding] = dist.compare(false, made)
    assert (finding.kind, finding.tensor) == ("regenerated", "b")
    assert f"but gives {recipe['b'].digest}" in finding.message


@pytest.mark.parametrize(
    ("ranges", "text"),
    [
        ([("c", 0, 1)], "the tensor `c` of a share is not in the recipe"),
        ([("a", 0, 4)], "`a` has 3 chunks, and no chunks 0 ..< 4"),
        ([("a", 2, 1)], "`a` has 3 chunks, and no chunks 2 ..< 1"),
        ([("a", -1, 1)], "`a` has 3 chunks, and no chunks -1 ..< 1"),
        ([("b", 1, 2)], "`b` has 1 chunk, and no chunks 1 ..< 2"),
    ],
)
def test_chunks_that_a_recipe_does_not_have_are_refused(ranges: Any, text: str) -> None:
    recipe = small()
    with pytest.raises(BadInput) as error:
        dist.digests(recipe, ranges)
    assert text in str(error.value)
    [(_, start, stop)] = ranges
    with pytest.raises(BadInput):  # digests of chunks that there are not
        forged = tuple(ChunkRange(*each) for each in ranges)
        part = ChunkDigests(digests(recipe, 1)[0].recipe, forged, bytes(32 * abs(stop - start)))
        dist.assemble(recipe, [*digests(recipe, 1), part])


@pytest.mark.parametrize("share", [ChunkRange("abc", 0, 1), "abc", [("a", 0)], [(3, 0, 1)], [("a", 0.0, 1)], 7, [7]])
def test_what_is_no_share_is_refused(share: Any) -> None:
    with pytest.raises(BadInput, match="a share is a list of ChunkRange"):
        dist.digests(small(), share)


def test_a_share_that_went_through_json_is_a_share() -> None:
    recipe = small()
    share: Any = json.loads(json.dumps(dist.shares(recipe, 2)[1]))
    assert dist.digests(recipe, share) == dist.digests(recipe, dist.shares(recipe, 2)[1])


def test_the_path_of_a_recipe_is_no_recipe() -> None:
    path: Any = "model.json"
    for function in (lambda: dist.shares(path, 2), lambda: dist.digests(path, []), lambda: dist.assemble(path, [])):
        with pytest.raises(BadInput, match=r"a recipe is expected, not str\. winit\.Recipe\.load"):
            function()


def test_a_tied_tensor_has_no_chunks_of_its_own() -> None:
    with pytest.raises(BadInput, match="the tensor `head` of a share is tied, and has no chunks of its own"):
        dist.digests(model(), [ChunkRange("head", 0, 1)])


def test_there_are_32_bytes_for_each_chunk() -> None:
    with pytest.raises(BadInput, match="3 chunks cannot have 95 bytes of digests: 32 each"):
        ChunkDigests("sha256:" + "0" * 64, (ChunkRange("a", 0, 3),), bytes(95))


def test_the_progress_of_a_share_ends_at_its_bytes() -> None:
    recipe = small()
    seen = list[tuple[int, int]]()
    dist.digests(
        recipe, [ChunkRange("a", 1, 3), ChunkRange("b", 0, 1)], 2, lambda done, total: seen.append((done, total))
    )
    assert seen[-1] == (2 * MIB + 24, 2 * MIB + 24)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_threads_do_not_change_the_digests_and_none_are_refused() -> None:
    recipe = model()
    share = dist.shares(recipe, 2)[1]
    assert dist.digests(recipe, share, 1) == dist.digests(recipe, share, 4) == dist.digests(recipe, share)
    with pytest.raises(BadInput, match="0 threads"):
        dist.digests(recipe, share, 0)


def test_the_first_chunk_that_differs_from_a_record_is_named_with_its_index() -> None:
    recipe = small()
    record = digests(recipe, 1)[0]
    assert dist.compare(recipe, digests(recipe, 2), record) == []
    first, second = digests(recipe, 2)
    bad = changed(changed(second, 0), len(second) - 1)
    found = dist.compare(recipe, [first, bad], record)
    start = len(first) * MIB
    text = f"do not regenerate to the recorded digest; first chunk {len(first)} (bytes {start} to {start + MIB - 1})"
    assert [(each.kind, each.tensor) for each in found] == [("regenerated", "a"), ("regenerated", "b")]
    assert text.replace("do not", "does not") in found[0].message or text in found[0].message
    assert found[0].message.endswith("in the digests at index 1")
    assert "1 of 1 chunk does not regenerate" in found[1].message and "(bytes 0 to 23)" in found[1].message
    [finding] = dist.compare(recipe, [changed(changed(record, 2), 1)], record)
    assert finding.message == (
        "2 of 3 chunks do not regenerate to the recorded digest; first chunk 1 (bytes 1048576 to 2097151), "
        "in the digests at index 0"
    )


def test_without_a_digest_there_is_nothing_to_compare_with() -> None:
    with pytest.raises(BadInput, match="there is nothing to compare with"):
        dist.compare(small(), digests(small(), 1))
    with pytest.raises(BadInput, match="there is nothing to compare with"):
        dist.verify(small())


def test_only_tensors_with_digests_are_compared_if_there_is_no_record() -> None:
    recipe = model()
    known = hashlib.sha256(b"".join(reference_chunks(recipe, "wte"))).hexdigest()
    claims = {"head": f"sha256:{known}", "step": "sha256:" + "1" * 64}
    partly = Recipe(recipe.seed, [replace(t, digest=claims.get(t.name)) for t in recipe.values()])
    needed = [ChunkRange("wte", 0, 3), ChunkRange("step", 0, 1)]
    assert [each.tensor for each in dist.compare(partly, [dist.digests(partly, needed)])] == ["step"]
    with pytest.raises(BadInput, match="1 of 4 chunks are missing, first chunk 0 of `step`"):
        dist.compare(partly, [dist.digests(partly, needed[:1])])
    with pytest.raises(Mismatch, match="`step`: the recipe claims"):
        dist.verify(partly)


def test_a_record_that_does_not_fit_the_recipe_is_refused() -> None:
    recipe = small()
    made = digests(recipe, 1)
    with pytest.raises(BadInput, match="the recorded digests are those of another recipe"):
        dist.compare(recipe, made, digests(recipe.with_seed(1), 1)[0])
    with pytest.raises(BadInput, match="the recorded digests do not fit the recipe: 1 of 4 chunks are missing"):
        dist.compare(recipe, made, dist.digests(recipe, [ChunkRange("a", 0, 3)]))
    recipe.compute_id()
    with pytest.raises(BadInput, match=r"the chunks of `a` have the digest sha256:.*, and the recipe claims sha256:"):
        dist.compare(recipe, made, changed(made[0], 0))


def test_one_process_computes_and_verifies_without_a_process_group() -> None:
    recipe = model()
    assert dist.compute_id(recipe) == reference_id(model()) == recipe.id
    dist.verify(recipe)
    dist.verify(recipe, digests(recipe, 1)[0])
    with pytest.raises(BadInput, match="there is no process group"):
        dist.compute_id(recipe, group=object())
