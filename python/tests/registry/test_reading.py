"""Reading runs and tensors of a registry, without the command."""

from __future__ import annotations

import copy
import hashlib
import json
import pickle
import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from winit import BadInput, DamageWarning, Error, Finding, Mismatch, NotFound, Recipe, Registry
from winit.registry.definitions import NEWEST_SCHEMA


def chunk(path: Path, run: int, name: str) -> bytes:
    """Reads the only stored chunk of a small tensor by SQL alone."""
    database = sqlite3.connect(path)
    found = database.execute(
        "SELECT bytes FROM chunks JOIN tensor_chunks ON chunks.id = chunk JOIN tensors ON tensors.id = tensor "
        "WHERE run = ? AND name = ?",
        [run, name],
    ).fetchall()
    database.close()
    [(data,)] = found
    return bytes(data)


def change(path: Path, sql: str, arguments: tuple[object, ...] = ()) -> None:
    database = sqlite3.connect(path)
    database.execute("PRAGMA ignore_check_constraints = ON")
    for (trigger,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        if trigger == "runs_stay_what_they_are" and "runs SET" in sql:
            definition = database.execute("SELECT sql FROM sqlite_schema WHERE name = ?", [trigger]).fetchone()[0]
            database.execute(f"DROP TRIGGER {trigger}")
            database.execute(sql, arguments)
            database.execute(definition)
            break
    else:
        database.execute(sql, arguments)
    database.commit()
    database.close()


@pytest.mark.parametrize("schema", range(1, NEWEST_SCHEMA + 1))
def test_a_registry_of_every_schema_is_read(schema: int, registry_of: Callable[[int], Path]) -> None:
    registry = Registry(registry_of(schema))
    runs = list(registry)
    assert len(runs) == (4 if schema == 1 else 3)  # schema 2 and later have deleted runs
    for run in runs:
        assert run.id == "sha256:" + hashlib.sha256(run.manifest.encode()).hexdigest()
        run.verify()
        assert [name for name, _ in run.arrays()] == sorted(run)
        assert registry[run.reference].weights == run.weights


@pytest.mark.parametrize("schema", [4, 5])
def test_a_registry_that_the_last_version_with_a_schema_left_is_read(schema: int, tmp_path: Path) -> None:
    path = tmp_path / "r.sqlite"
    database = sqlite3.connect(path)
    vectors = Path(__file__).parents[3] / "Tests" / "Vectors"
    database.executescript((vectors / f"registry-v{schema}.sql").read_text("utf-8"))
    database.close()
    registry = Registry(path)
    assert [run.reference for run in registry] == ["taken:v1", "m:v2", "m:v1"]
    for run in registry:
        run.verify()
    # The tensor `w` has the seed 77 in both runs.
    assert np.array_equal(registry["m:v1"]["w"][:], registry["m:v2"]["w"][:])


def test_stored_bytes_are_those_of_the_file(path: Path) -> None:
    run = Registry(path)["m:v1"]
    for name, dtype in (("fused", "<f4"), ("w", "<f2"), ("q", "<f4")):
        expected = np.frombuffer(chunk(path, 1, name), dtype).reshape(run[name].shape)
        found = run[name][...]
        assert found.dtype == expected.dtype
        assert np.array_equal(found, expected)
        assert np.array_equal(run[name][1:, 1], expected[1:, 1])
    assert run.stored
    assert run.weights.startswith("sha256:")


def test_a_recipe_only_run_has_the_bytes_of_its_recipe_and_its_literals(path: Path) -> None:
    recorded = Registry(path)["m:v2"]
    assert not recorded.stored
    assert np.array_equal(recorded["w"][0:2], recorded.recipe()["w"][0:2])
    assert recorded["q"][:].tobytes() == chunk(path, 2, "q")
    assert recorded.recipe()["q"][:].tobytes() == chunk(path, 2, "q")


def test_a_run_has_what_is_recorded_of_it(path: Path) -> None:
    run = Registry(path)["m:v1"]
    assert (run.reference, run.name, run.version, run.seed) == ("m:v1", "m", 1, 3)
    assert (run.tensor_count, run.parameter_count, run.byte_count) == (3, 42, 144)
    assert (run.uid, run.origin) == ("dac855ff16408503578fb662529b21b8", "created")
    assert (dict(run.tags), run.aliases) == ({"k": "v"}, ("best",))
    assert run.environment["user"] == "ada"
    assert (run.created_at, run.tool_version) == ("2026-11-28T08:00:42Z", "0.1.0")
    assert run.as_params()["winit.id"] == run.id
    taken = Registry(path)["taken"]
    assert (taken.seed, taken.origin) == (None, "captured")
    assert taken["w"][:].tobytes() == chunk(path, 4, "w")


def test_runs_are_listed_newest_first_by_name_tag_and_state(path: Path) -> None:
    registry = Registry(path)
    assert [run.reference for run in registry] == ["taken:v1", "m:v2", "m:v1"]
    assert [run.reference for run in registry.runs(name="m", limit=1)] == ["m:v2"]
    assert [run.reference for run in registry.runs(name="t*n")] == ["taken:v1"]
    assert [run.reference for run in registry.runs(tags={"k": None})] == ["m:v1"]
    assert [run.reference for run in registry.runs(tags={"k": "w"})] == []
    assert [run.reference for run in registry.runs(deleted=True)] == ["kept:v1"]
    assert list(registry.runs(experiment="[a-z]*")) == []
    assert registry.names() == ["m", "taken"]
    assert registry.log(limit=1)[0].number == max(entry.number for entry in registry.log())
    assert {entry.reference for entry in registry.log("m:v1")} == {"m:v1"}


def test_a_list_of_more_runs_than_a_page_is_complete(path: Path) -> None:
    database = sqlite3.connect(path)
    columns = [row[1] for row in database.execute("PRAGMA table_info(runs)")]
    values = dict(zip(columns, database.execute("SELECT * FROM runs WHERE id = 2").fetchone(), strict=True))
    for version in range(3, 253):
        values |= {"id": 1000 + version, "version": version, "uid": f"{version:032x}"}
        values["created_at"] = f"2027-01-01T00:00:{version % 7:02}Z"
        database.execute(f"INSERT INTO runs VALUES ({','.join('?' * len(columns))})", list(values.values()))
    database.commit()
    expected = database.execute("SELECT version FROM runs WHERE name = 'm' ORDER BY created_at DESC, id DESC")
    versions = [version for (version,) in expected]
    database.close()
    assert [run.version for run in Registry(path).runs(name="m")] == versions
    assert [run.version for run in Registry(path).runs(name="m", limit=150)] == versions[:150]


def test_a_damaged_chunk_is_regenerated_and_said(path: Path) -> None:
    data = bytearray(chunk(path, 1, "w"))
    data[5] ^= 64
    change(path, "UPDATE chunks SET bytes = ? WHERE bytes = ?", (bytes(data), chunk(path, 1, "w")))
    run = Registry(path)["m:v1"]
    with pytest.warns(DamageWarning, match=r"tensor `w` of m:v1 is damaged"):
        found = run["w"][:]
    assert run.damaged == {"w"}
    assert np.array_equal(found, run.recipe()["w"][:])
    with pytest.raises(Mismatch, match="`w`: 1 of 1 chunks") as error:
        run.verify()
    [finding] = error.value.findings
    assert isinstance(finding, Finding)
    assert (finding.kind, finding.index, finding.differing_elements) == ("stored", (0, 2), 1)
    run.verify(stored=False)


def test_a_damaged_literal_is_never_given_out(path: Path) -> None:
    change(path, "UPDATE chunks SET bytes = zeroblob(length(bytes)) WHERE bytes = ?", (chunk(path, 2, "q"),))
    run = Registry(path)["m:v2"]
    for tensor in (run["q"], run.recipe()["q"]):
        with pytest.raises(Mismatch, match="a literal cannot be regenerated"):
            tensor[0]
    with pytest.raises(Mismatch, match="are stored with other bytes"):
        run.verify(stored=False)


def test_a_missing_chunk_is_damage_where_bytes_are_stored(path: Path) -> None:
    change(path, "DELETE FROM tensor_chunks WHERE tensor = 2")
    run = Registry(path)["m:v1"]
    with pytest.warns(DamageWarning):
        assert np.array_equal(run["w"][:], run.recipe()["w"][:])
    with pytest.raises(Mismatch, match="are missing or cannot be read"):
        run.verify()


def test_a_recipe_that_does_not_give_its_digest_is_a_mismatch(path: Path) -> None:
    """The digests of a recipe-only tensor are changed together, so that the record agrees with itself."""
    digests = hashlib.sha256(b"other bytes").digest()
    tensor = hashlib.sha256(digests).digest()
    run = Registry(path)["m:v2"]
    manifest = run.manifest.replace(str(run["w"].digest), f"sha256:{tensor.hex()}")
    rows = [[t.name, list(t.shape), t.dtype, t.digest] for t in run.values()]
    for row in rows:
        row[3] = f"sha256:{tensor.hex()}" if row[0] == "w" else row[3]
    weights = hashlib.sha256(json.dumps(rows, separators=(",", ":")).encode()).digest()
    change(path, "UPDATE tensors SET digest = ?, chunk_digests = ? WHERE id = 5", (tensor, digests))
    id = hashlib.sha256(manifest.encode()).digest()
    change(path, "UPDATE manifests SET json = ?, digest = ?, weights = ? WHERE id = 2", (manifest, id, weights))
    run = Registry(path)["m:v2"]
    assert run.id == "sha256:" + id.hex()
    with pytest.raises(Mismatch, match="chunk 0 of tensor `w` does not regenerate"):
        run["w"][0]
    with pytest.raises(Mismatch, match=r"`w`: 1 of 1 chunks .* do not regenerate to their digests"):
        run.verify()


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("UPDATE manifests SET json = json || ' ' WHERE id = 1", "does not have the run's id as its SHA-256"),
        ("UPDATE manifests SET weights = zeroblob(32) WHERE id = 1", "differ from the manifest"),
        ("UPDATE runs SET seed = '5' WHERE id = 1", "differ from the manifest"),
        ("UPDATE tensors SET chunk_digests = zeroblob(32) WHERE id = 2", "not the digest of its chunk digests"),
        ("UPDATE tensors SET chunk_digests = zeroblob(64) WHERE id = 2", "not the digest of its chunk digests"),
    ],
)
def test_a_record_that_contradicts_itself_is_a_mismatch(path: Path, sql: str, message: str) -> None:
    change(path, sql)
    with pytest.raises(Mismatch, match=message):
        Registry(path)["m:v1"]["w"][0]


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE tensors SET stream = '1' WHERE id = 2",
        "UPDATE tensors SET dtype = 'float32' WHERE id = 2",
        "UPDATE tensors SET shape = '[4,3]' WHERE id = 2",
        "UPDATE tensors SET seed = '9' WHERE id = 2",
        'UPDATE tensors SET law = \'{"law":"normal","mean":0,"std":0.5}\' WHERE id = 2',
        "UPDATE tensors SET name = 'other' WHERE id = 2",
    ],
)
def test_verify_finds_rows_that_differ_from_the_manifest(path: Path, sql: str) -> None:
    Registry(path)["m:v1"].verify()
    change(path, sql)
    with pytest.raises(Mismatch, match=r"differs? from the manifest"):
        Registry(path)["m:v1"].verify()


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ("parameter_count", "the recorded number of parameters is 43, and the tensors have 42"),
        ("byte_count", "the recorded number of bytes is 145, and the tensors have 144"),
    ],
)
def test_verify_finds_a_recorded_size_that_is_not_that_of_the_tensors(path: Path, column: str, message: str) -> None:
    change(path, f"UPDATE runs SET {column} = {column} + 1 WHERE id = 1")
    with pytest.raises(Mismatch, match=message):
        Registry(path)["m:v1"].verify()


def test_runs_and_tensors_pickle_as_the_path_and_the_uid(path: Path) -> None:
    run = Registry(path)["m:v1"]
    data = pickle.dumps((run, run["w"], run["q"], run.recipe()["q"]))
    assert len(data) < 10_000
    again, w, q, literal = pickle.loads(data)
    assert again.uid == run.uid and list(again) == list(run)
    assert w == run["w"] and hash(w) == hash(run["w"])
    for tensor, name in ((w, "w"), (q, "q"), (literal, "q")):
        assert np.array_equal(tensor[:], run[name][:])
    assert w == run.recipe()["w"] and run.recipe()["w"] == w


def test_a_closed_registry_says_so(path: Path) -> None:
    with Registry(path) as registry:
        run, unread = registry["m:v1"], registry["m:v2"]
        tensor = run["w"]
    for use in (lambda: registry["m"], lambda: tensor[0], lambda: unread["w"], lambda: list(registry.runs())):
        with pytest.raises(Error, match="is closed"):
            use()
    registry.close()


def test_a_box_is_checked_and_written_in_place(path: Path) -> None:
    w = Registry(path)["m:v1"]["w"]
    whole = w[:]
    out = np.full((6, 8), 7, np.float16)
    assert w.box((1, 1), (2, 3), out=out[1:5:2, ::3][:, :3]).base is not None
    assert np.array_equal(out[1:5:2, ::3], whole[1:3, 1:4])
    assert (out[0] == 7).all()
    assert w[0:0].shape == (0, 4) and w[-1].shape == (4,) and w[1, -1] == whole[1, 3]
    for offset, size in (((0, 0), (4, 4)), ((-1, 0), (1, 1)), ((0,), (1,))):
        with pytest.raises(BadInput):
            w.box(offset, size)
    with pytest.raises(BadInput, match="`out` for `w` has the dtype"):
        w.box((0, 0), (1, 1), out=np.empty((1, 1), np.float32))


def test_a_registry_that_does_not_exist_yet_has_no_runs(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="there is no registry"):
        Registry(tmp_path / "new.sqlite")
    registry = Registry(tmp_path / "new.sqlite", create=True)
    assert registry.names() == [] and list(registry) == [] and "m" not in registry and registry.log() == []
    with pytest.raises(NotFound, match=r"no registry at .* yet"):
        registry["m"]
    assert list(tmp_path.iterdir()) == []


def test_the_registry_is_that_of_the_environment_by_default(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINIT_REGISTRY", str(path))
    assert Registry().path == str(path)
    monkeypatch.setenv("WINIT_REGISTRY", "")
    with pytest.raises(NotFound, match=r"winit\.sqlite"):
        Registry()


def test_reading_leaves_the_file_as_it_is(path: Path) -> None:
    before = path.read_bytes(), path.stat().st_mtime_ns
    registry = Registry(path)
    for run in registry:
        run.verify()
    registry.close()
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_recipe_of_a_run_needs_no_registry(path: Path) -> None:
    recipe = Registry(path)["m:v1"].recipe()
    assert type(recipe) is Recipe
    w = pickle.loads(pickle.dumps(recipe["w"]))
    path.unlink()
    assert w[:].shape == (3, 4)


def test_a_run_does_what_a_recipe_does(path: Path, tmp_path: Path) -> None:
    run = Registry(path)["m:v1"]
    assert run == run.recipe() and run.recipe() == run and hash(run) == hash(run.recipe())
    assert run.to_manifest() == run.manifest and len(run) == 3 and "w" in run and "v" not in run
    with pytest.raises(NotFound, match="did you mean `fused`"):
        run["fuse"]
    run.save(tmp_path / "run.json")
    loaded = Recipe.load(tmp_path / "run.json")
    assert loaded.id == run.id == copy.deepcopy(run).id == run.compute_id()
    assert loaded["q"][:].tobytes() == chunk(path, 1, "q")
    assert np.array_equal(run.select("w")["w"][:], run["w"][:])
    assert not np.array_equal(run.with_seed(9)["w"][:], run["w"][:])
    assert run.compare(dict(run.arrays())) == []
    weights = dict(run.arrays())
    weights["w"][1, 2] = 0
    [finding] = run.compare(weights)
    assert (finding.tensor, finding.index) == ("w", (1, 2))
    assert "m:v1" in repr(run) and "<td><code>fused</code></td>" in run._repr_html_()


def test_the_table_of_a_notebook_escapes_what_is_recorded(path: Path) -> None:
    change(path, "UPDATE runs SET note = '<script>alert(1)</script>' WHERE id = 1")
    html = Registry(path)["m:v1"]._repr_html_()
    assert "<script" not in html and "&lt;script&gt;" in html
