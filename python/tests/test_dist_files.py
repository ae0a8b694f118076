"""Chunk digests as files: what is saved is loaded, and a file that is damaged or of something else is refused."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from dist_support import model, reference_chunks
from winit import BadInput, NotFound, dist
from winit.dist import ChunkDigests, ChunkRange

RECIPE = "sha256:" + "ab" * 32
DIGESTS = bytes(range(96))


def part() -> ChunkDigests:
    return ChunkDigests(RECIPE, (ChunkRange('é"\n', 4, 6), ChunkRange("b", 0, 1)), DIGESTS)


def test_a_saved_part_is_loaded_and_pickled(tmp_path: Path) -> None:
    for each in (part(), ChunkDigests(RECIPE, (), b""), dist.digests(model(), dist.shares(model(), 3)[1])):
        each.save(tmp_path / "part.json", force=True)
        assert ChunkDigests.load(tmp_path / "part.json") == each == pickle.loads(pickle.dumps(each))
        assert [type(chunks) for chunks in ChunkDigests.load(str(tmp_path / "part.json")).ranges] == [ChunkRange] * len(
            each.ranges
        )
        assert each


def test_the_file_is_json_with_a_line_for_each_range(tmp_path: Path) -> None:
    part().save(tmp_path / "part.json")
    text = (tmp_path / "part.json").read_text(encoding="utf-8")
    assert len(text.splitlines()) == 4
    assert json.loads(text) == {
        "format": "winit-chunk-digests/1",
        "recipe": RECIPE,
        "ranges": [
            {"tensor": 'é"\n', "start": 4, "digests": [DIGESTS[:32].hex(), DIGESTS[32:64].hex()]},
            {"tensor": "b", "start": 0, "digests": [DIGESTS[64:].hex()]},
        ],
    }


def test_a_file_that_exists_stays(tmp_path: Path) -> None:
    path = tmp_path / "part.json"
    path.write_text("mine")
    with pytest.raises(BadInput, match="exists"):
        part().save(path)
    assert path.read_text() == "mine"
    with pytest.raises(NotFound):
        part().save(tmp_path / "none" / "part.json")
    with pytest.raises(NotFound, match="there is no file"):
        ChunkDigests.load(tmp_path / "other.json")


def changes() -> list[tuple[str, Any]]:
    """Files that differ in one member from one that is valid."""
    row = {"tensor": "a", "start": 0, "digests": ["0" * 64]}
    valid = {"format": "winit-chunk-digests/1", "recipe": RECIPE, "ranges": [row]}
    rows: list[Any] = [
        {**row, "start": -1}, {**row, "start": 0.5}, {**row, "start": True}, {**row, "start": "0"},
        {**row, "tensor": 3}, {**row, "digests": "0" * 64}, {**row, "digests": ["0" * 63]},
        {**row, "digests": ["A" * 64]}, {**row, "digests": [3]},
        {**row, "other": 1}, {"tensor": "a", "start": 0}, [], None,
    ]  # fmt: skip
    return [
        *((f"row {at}", {**valid, "ranges": [row, each]}) for at, each in enumerate(rows)),
        ("format", {**valid, "format": "winit-chunk-digests/2"}),
        ("recipe", {**valid, "recipe": "0" * 64}),
        ("ranges", {**valid, "ranges": {}}),
        ("member", {**valid, "more": 1}),
        ("lacks", {"format": valid["format"], "recipe": RECIPE}),
        ("a manifest", {"chunk_size": 1 << 20, "seed": "1", "tensors": []}),
        ("list", [valid]),
    ]


@pytest.mark.parametrize(("what", "document"), changes(), ids=[what for what, _ in changes()])
def test_a_file_with_a_wrong_member_is_refused(tmp_path: Path, what: str, document: Any) -> None:
    path = tmp_path / "part.json"
    path.write_text(json.dumps(document))
    with pytest.raises(BadInput) as error:
        ChunkDigests.load(path)
    assert str(error.value).startswith(f"{path}: ")
    if what.startswith("row"):
        assert "range 1 must have the members" in str(error.value)


def test_a_file_that_is_cut_short_at_any_byte_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "part.json"
    part().save(path)
    whole = path.read_bytes()
    for length in range(len(whole) - 2):  # the last bracket and a newline
        path.write_bytes(whole[:length])
        with pytest.raises(BadInput):
            ChunkDigests.load(path)


def test_a_record_verifies_by_its_file(tmp_path: Path) -> None:
    recipe = model()
    dist.digests(recipe, dist.shares(recipe, 1)[0]).save(tmp_path / "recorded.json")
    dist.verify(recipe, tmp_path / "recorded.json")
    text = (tmp_path / "recorded.json").read_text(encoding="utf-8")
    digest = reference_chunks(recipe, "wte")[1].hex()
    assert digest in text
    (tmp_path / "recorded.json").write_text(text.replace(digest, "0" * 64), encoding="utf-8")
    with pytest.raises(Exception, match=r"`wte`: 1 of 3 chunks does not .* first chunk 1 \(bytes 1048576 to 2097151\)"):
        dist.verify(recipe, str(tmp_path / "recorded.json"))
