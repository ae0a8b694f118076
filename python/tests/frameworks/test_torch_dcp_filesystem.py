"""winit:// as an fsspec filesystem: found without an import, exact files, and no path that leads elsewhere."""

from __future__ import annotations

import io
import itertools
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
fsspec = pytest.importorskip("fsspec")
if not torch.distributed.is_available():
    pytest.skip("this PyTorch has no torch.distributed", allow_module_level=True)

import torch.distributed.checkpoint as dcp  # noqa: E402

import dcp_support  # noqa: E402
import winit  # noqa: E402
from winit import reference  # noqa: E402
from winit.torch.checkpoint.filesystem import WinitFileSystem  # noqa: E402
from winit.torch.checkpoint.grid import BOX_BYTES, grid  # noqa: E402

ROOT = Path(__file__).resolve().parents[3]
LAWS: dict[str, Any] = {
    "big": ("bfloat16", (700, 1500), reference.normal(std=0.02)),  # three boxes
    "empty": ("float32", (0, 3), reference.constant(0.0)),
    "half": ("float16", (5, 7), reference.uniform(-1, 1)),
    "long": ("float32", (1 << 19,), reference.normal()),  # twice the size of a box, on one axis
    "step": ("int64", (), reference.constant(7)),
    "tied": ("bfloat16", (700, 1500), {"law": "same_as", "name": "big"}),
}


opened: list[str] = []
sys.addaudithook(lambda event, arguments: opened.append(str(arguments[0])) if event == "open" else None)


@pytest.fixture(autouse=True)
def registered() -> None:
    """What the entry point does, where the package is not installed."""
    fsspec.register_implementation("winit", WinitFileSystem, clobber=True)


@pytest.fixture
def link(tmp_path: Path) -> str:
    winit.Recipe.from_laws(dcp_support.SEED, LAWS).save(tmp_path / "m.recipe.json")
    return f"winit://{tmp_path}/m.recipe.json"


def whole(name: str) -> Any:
    """A tensor by the reference in NumPy."""
    dtype, shape, law = LAWS[name]
    data = bytearray(reference.canonical_bytes(dcp_support.SEED, reference.Tensor(name, dtype, shape, law)))
    return torch.frombuffer(data, dtype=getattr(torch, dtype)).reshape(shape) if data else torch.empty(shape)


def test_a_program_that_does_not_import_winit_loads_a_link(tmp_path: Path, link: str) -> None:
    tomllib = pytest.importorskip("tomllib")  # Python 3.11
    points = tomllib.loads((ROOT / "python/pyproject.toml").read_text())["project"]["entry-points"]
    # The metadata of an installed package, as pip writes them.
    metadata = tmp_path / "site" / "winit_registry-0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: winit-registry\nVersion: 0\n")
    lines = [f"{name} = {value}" for name, value in points["fsspec.specs"].items()]
    (metadata / "entry_points.txt").write_text("[fsspec.specs]\n" + "\n".join(lines) + "\n")
    program = (
        "import sys, torch, torch.distributed.checkpoint as dcp\n"
        "assert 'winit' not in sys.modules\n"
        "state = {'half': torch.empty(5, 7, dtype=torch.float16)}\n"
        f"dcp.load(state, checkpoint_id={link!r}, no_dist=True)\n"
        f"torch.save(state, {str(tmp_path / 'state.pt')!r})\n"
    )
    paths = os.pathsep.join([str(tmp_path / "site"), str(ROOT / "python/src")])
    subprocess.run([sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": paths}, check=True, timeout=60)
    assert torch.equal(torch.load(tmp_path / "state.pt")["half"], whole("half"))


def test_the_boxes_of_a_tensor_cover_it_once_and_their_files_have_the_lengths_that_the_metadata_says(link: str) -> None:
    files = WinitFileSystem()
    metadata = pickle.loads(files.cat_file(f"{link}/.metadata"))
    assert sorted(metadata.state_dict_metadata) == sorted(LAWS)
    for name, tensor in metadata.state_dict_metadata.items():
        dtype, shape, _ = LAWS[name]
        right, covered = whole("big" if name == "tied" else name), np.zeros(shape, np.int64)
        assert tuple(tensor.size) == shape and tensor.properties.dtype == getattr(torch, dtype)
        stored = {key: value for key, value in metadata.storage_data.items() if key.fqn == name}
        assert len(stored) == len(tensor.chunks)
        for chunk in tensor.chunks:
            place = tuple(slice(start, start + size) for start, size in zip(chunk.offsets, chunk.sizes, strict=True))
            covered[place] += 1
            [info] = [value for key, value in stored.items() if key.offset == chunk.offsets]
            data = files.cat_file(f"{link}/{info.relative_path}")
            assert (info.offset, info.length) == (0, len(data)) and files.size(f"{link}/{info.relative_path}") == len(
                data
            )
            made = torch.load(io.BytesIO(data), weights_only=True)
            assert made.numel() * made.element_size() <= BOX_BYTES
            assert made.dtype == right.dtype and torch.equal(made, right[place])
        assert (covered == 1).all()


def test_a_state_is_loaded_and_tied_tensors_are_made_once(link: str) -> None:
    state = {name: torch.empty(shape, dtype=getattr(torch, dtype)) for name, (dtype, shape, _) in LAWS.items()}
    with dcp_support.counted() as count:
        dcp.load(state, checkpoint_id=link, no_dist=True)
    for name, tensor in state.items():
        assert torch.equal(tensor, whole("big" if name == "tied" else name)), name
    assert count[0] == 700 * 1500 + 5 * 7 + (1 << 19) + 1


def test_a_load_sees_the_recipe_file_of_its_time(link: str) -> None:
    state = {"step": torch.tensor(0)}
    for value in (7, 8):
        laws = {"step": ("int64", (), reference.constant(value))}
        winit.Recipe.from_laws(1, laws).save(link.removeprefix("winit://"), force=True)
        dcp.load(state, checkpoint_id=link, no_dist=True)
        assert int(state["step"]) == value


def test_open_takes_the_same_link(link: str) -> None:
    assert winit.open(link) == winit.open(link.removeprefix("winit://"))
    with pytest.raises(winit.NotFound, match=r"no file /none\.json"):
        winit.open("winit:///none.json")


def test_trainers_see_a_folder(link: str) -> None:
    files, path = fsspec.core.url_to_fs(link)
    assert files.isdir(path) and files.exists(path) and not files.isfile(path)
    assert files.ls(path, detail=False) == [f"{path}/.metadata"]
    assert files.isfile(f"{path}/.metadata") and files.isfile(f"{path}/box-0-0")
    assert not files.exists(f"{path}/box-0-99") and not files.exists(path.replace("m.recipe", "n.recipe"))


@pytest.mark.parametrize(
    "path",
    [
        "", "/", "/etc/passwd", "/etc/passwd/.metadata", "/etc/hostname.json/../passwd/.metadata", "../m.recipe.json",
        "FOLDER/../m.json/.metadata", "FOLDER/m.recipe.json\0/.metadata", "FOLDER/m.recipe.json\n/.metadata",
        "FOLDER/m.recipe.json/../.metadata", "FOLDER/m.recipe.json/box-0-3", "FOLDER/m.recipe.json/box-6-0",
        "FOLDER/m.recipe.json/box-00-0", "FOLDER/m.recipe.json/box--1-0", "FOLDER/m.recipe.json/box-0-" + "9" * 5000,
        "FOLDER/m.recipe.json/box-٠-0", "FOLDER/m.recipe.json/other", "FOLDER/" + "x" * 5000 + ".json/.metadata",
        "FOLDER/.metadata", "FOLDER/secret/.metadata", "%2e%2e/m.recipe.json/.metadata", "a b/.metadata",
        "file://FOLDER/m.recipe.json/.metadata",
    ],
)  # fmt: skip
def test_a_hostile_path_gives_an_error_and_opens_no_other_file(
    path: str, link: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_text("{}")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WINIT_REGISTRY", str(tmp_path / "none.sqlite"))
    opened.clear()
    with pytest.raises((winit.Error, OSError)):
        WinitFileSystem(skip_instance_cache=True).open("winit://" + path.replace("FOLDER", str(tmp_path))).read()
    outside = [name for name in opened if not name.endswith((".py", ".pyc", "m.recipe.json"))]
    assert not any("passwd" in name or "secret" in name or name.endswith(".json") for name in outside)


def test_nothing_can_be_written(link: str) -> None:
    path, files = link.removeprefix("winit://"), WinitFileSystem()
    before = Path(path).read_bytes()
    writes: list[Callable[[], object]] = [
        lambda: files.open(link, "wb"),
        lambda: files.open(f"{link}/.metadata", "ab"),
        lambda: files.rm(link, recursive=True),
        lambda: files.mv(link, link + "2"),
        lambda: files.mkdir(f"{link}/folder"),
        lambda: files.makedirs(link, exist_ok=True),
        lambda: files.pipe_file(f"{link}/box-0-0", b""),
        lambda: files.touch(link),
    ]
    for write in writes:
        with pytest.raises(OSError, match="read-only"):
            write()
    assert Path(path).read_bytes() == before


def test_a_link_names_a_run_of_the_registry(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "r.sqlite"
    spec = winit.Spec((winit.SpecTensor("half", (5, 7), "float16", LAWS["half"][2]),))
    with winit.Registry(file, create=True) as registry:
        run = registry.create("team/m", spec, seed=dcp_support.SEED)
    monkeypatch.setenv("WINIT_REGISTRY", str(file))
    for link in ("winit://team/m", "winit://team/m:v1", f"winit://team/m@{run.id}", f"winit://{run.id}"):
        state = {"half": torch.empty(5, 7, dtype=torch.float16)}
        dcp.load(state, checkpoint_id=link, no_dist=True)
        assert torch.equal(state["half"], whole("half")), link
    with pytest.raises(FileNotFoundError, match="other"):
        WinitFileSystem().open("winit://other/.metadata")


def sharded(indices: Any, ways: tuple[int, ...]) -> list[Any]:
    """The indices of an axis that each rank has after `torch.chunk` by one mesh axis after the other."""
    for count in ways:
        return [piece for shard in indices.chunk(count) for piece in sharded(shard, ways[1:])]
    return [indices]


@pytest.mark.parametrize("shape", [(101, 37), (4096, 11008), (8, 30, 21), (50257,), (3, 5), ()])
@pytest.mark.parametrize("ways", [(2,), (3,), (8,), (2, 2), (2, 4), (4, 2), (2, 2, 2), (2, 3)])
def test_a_shard_of_few_ranks_is_a_union_of_boxes(shape: tuple[int, ...], ways: tuple[int, ...]) -> None:
    edges = grid(shape, 2, int(np.prod(ways))).edges
    for axis, length in enumerate(shape):
        assert edges[axis][0] == 0 and edges[axis][-1] == length and list(edges[axis]) == sorted(set(edges[axis]))
        if not (len(shape) == 3 and axis == 2):
            assert {int(piece[0]) for piece in sharded(torch.arange(length), ways) if len(piece)} <= set(edges[axis])


@pytest.mark.parametrize("shape", [(8192, 28672), (128256, 8192), (256, 7168, 2048), (1 << 30,), (3, 1 << 24)])
@pytest.mark.parametrize("ranks", [1, 8, 64, 512, 1000])
def test_the_number_of_boxes_stays_small_for_many_ranks(shape: tuple[int, ...], ranks: int) -> None:
    made = grid(shape, 2, ranks)
    size = int(np.prod(shape)) * 2
    widths = [max(stop - start for start, stop in itertools.pairwise(edges)) for edges in made.edges]
    assert int(np.prod(widths)) * 2 <= BOX_BYTES
    assert len(made) <= 4 * max(1024, size / BOX_BYTES)
    assert made.box(len(made) - 1)[0] == tuple(edges[-2] for edges in made.edges)
