"""The pytest plug-in `winit.pytest`, run by pytest on tests that the tests write."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import winit

# A run of pytest in this process forgets the modules that it imports first, so all of them are imported before.
import winit.comparing
import winit.filling
import winit.opening
import winit.pytest.fixture
import winit.recipes
import winit.whole_files

pytest_plugins = ["pytester"]

Run = Callable[..., pytest.RunResult]

STATE = """
import numpy as np

def state(scale=1.0):
    rng = np.random.default_rng(0)
    return {"w": (rng.standard_normal((300, 1024)) * scale).astype("float32"), "b": np.zeros(5, "float32")}
"""


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.delenv("CI", raising=False)
    pytester.makepyfile(states=STATE)

    def run(body: str, *arguments: str) -> pytest.RunResult:
        pytester.makepyfile(test_it="from states import state\n\n" + body)
        # An installed plug-in is loaded by its entry point, which has the name winit.
        return pytester.runpytest_inprocess(
            "-p", "no:winit", "-p", "winit.pytest", "-p", "no:cacheprovider", *arguments
        )

    return run


CHECK = "def test_step_0(winit):\n    winit.check(state())\n"


def test_a_missing_snapshot_fails_and_names_the_option(run: Run) -> None:
    result = run(CHECK)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*there is no snapshot __winit__?test_it__test_step_0.json*--winit-update*"])


def test_a_snapshot_holds_the_digests_of_the_law_page_and_no_values(run: Run, pytester: pytest.Pytester) -> None:
    run(CHECK, "--winit-update").assert_outcomes(passed=1)
    document = json.loads((pytester.path / "__winit__" / "test_it__test_step_0.json").read_text())
    rows = {row["name"]: row for row in document["tensors"]}
    scope: dict[str, object] = {}
    exec(STATE, scope)
    for name, array in scope["state"]().items():  # type: ignore[operator]
        data = array.tobytes()
        inner = b"".join(hashlib.sha256(data[at : at + 2**20]).digest() for at in range(0, len(data), 2**20))
        assert rows[name]["digest"] == "sha256:" + hashlib.sha256(inner).hexdigest()
        assert rows[name]["law"] == {"law": "literal"} and rows[name]["shape"] == list(array.shape)
    assert sorted(path.name for path in (pytester.path / "__winit__").iterdir()) == ["test_it__test_step_0.json"]


def test_a_changed_tensor_is_named(run: Run) -> None:
    run(CHECK, "--winit-update").assert_outcomes(passed=1)
    run(CHECK).assert_outcomes(passed=1)
    result = run("def test_step_0(winit):\n    s = state()\n    s['b'][3] = 1\n    winit.check(s)\n")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*`b`: the bytes are not those of the snapshot*"])
    result.stdout.no_fnmatch_line("*`w`*")


def test_missing_unexpected_and_reshaped_tensors_are_named(run: Run) -> None:
    run(CHECK, "--winit-update")
    body = (
        "def test_step_0(winit):\n    s = state()\n    s['c'] = s.pop('b')\n    s['w'] = s['w'].T\n    winit.check(s)\n"
    )
    result = run(body)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines_random(
        ["*`b`*do not hold this tensor*", "*`c`*the snapshot does not*", "*`w`: the shape*"]
    )


def test_a_transposed_view_has_the_bytes_of_its_elements(run: Run) -> None:
    run("def test_t(winit):\n    winit.check({'w': state()['w'].T})\n", "--winit-update").assert_outcomes(passed=1)
    run("def test_t(winit):\n    winit.check({'w': state()['w'].T.copy()})\n").assert_outcomes(passed=1)


def test_update_writes_only_what_changed_and_says_so(run: Run, pytester: pytest.Pytester) -> None:
    first = run(CHECK, "--winit-update")
    first.stdout.fnmatch_lines(["*1 snapshot of initial weights written*"])
    path = pytester.path / "__winit__" / "test_it__test_step_0.json"
    before = path.stat()
    second = run(CHECK, "--winit-update")
    second.assert_outcomes(passed=1)
    second.stdout.no_fnmatch_line("*snapshot of initial weights written*")
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


def test_parameters_and_names_have_snapshots_of_their_own(run: Run, pytester: pytest.Pytester) -> None:
    body = (
        "import pytest\n"
        "@pytest.mark.parametrize('scale', [1.0, 2.0, 'a/b', 'a:b'])\n"
        "def test_s(winit, scale):\n"
        "    k = scale if isinstance(scale, float) else len(scale)\n"
        "    winit.check(state(k), name='one')\n"
        "    winit.check(state(k + 1), name='two')\n"
    )
    run(body, "--winit-update").assert_outcomes(passed=4)
    assert len(list((pytester.path / "__winit__").iterdir())) == 8
    run(body).assert_outcomes(passed=4)


def test_two_checks_of_one_snapshot_are_refused(run: Run) -> None:
    result = run("def test_s(winit):\n    winit.check(state())\n    winit.check(state(2))\n", "--winit-update")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*twice*name=*"])


def test_a_snapshot_with_laws_names_element_values_and_cause(run: Run, pytester: pytest.Pytester) -> None:
    recipe = winit.Recipe.from_laws(42, {"w": ("float32", (8, 5), winit.reference.normal(std=0.02))})
    recipe.save(pytester.path / "r.json")
    head = "import winit as w\nr = w.Recipe.load('r.json')\n"
    good = head + "def test_s(winit):\n    winit.check({'w': r['w'][...]}, recipe=r)\n"
    run(good, "--winit-update").assert_outcomes(passed=1)
    run(good).assert_outcomes(passed=1)
    result = run(head + "def test_s(winit):\n    winit.check({'w': r.with_seed(43)['w'][...]})\n")
    result.assert_outcomes(failed=1)
    first = f"{recipe['w'][0, 0]}"[:6]
    place = "first at [[]0, 0[]] (element 0)"
    result.stdout.fnmatch_lines([f"*`w`: 40 of 40 elements differ; {place}: {first}*seed 43*"])


def test_weights_that_are_not_those_of_the_recipe_are_not_written(run: Run, pytester: pytest.Pytester) -> None:
    recipe = winit.Recipe.from_laws(42, {"w": ("float32", (8,), winit.reference.normal(std=0.02))})
    recipe.save(pytester.path / "r.json")
    body = "def test_s(winit):\n    winit.check({'w': r['w'][...] * 2}, recipe=r)\n"
    result = run(f"import winit as w\nr = w.Recipe.load('r.json')\n{body}", "--winit-update")
    result.assert_outcomes(failed=1)
    assert not (pytester.path / "__winit__").exists()


def test_a_recipe_file_is_found_beside_the_test(run: Run, pytester: pytest.Pytester) -> None:
    recipe = winit.Recipe.from_laws(42, {"w": ("float32", (8, 5), winit.reference.normal(std=0.02))})
    recipe.save(pytester.path / "r.json")
    np.save(pytester.path / "w.npy", recipe["w"][...])
    body = "import numpy as np\ndef test_s(winit):\n    winit.check({'w': np.load('w.npy')}, 'r.json')\n"
    run(body).assert_outcomes(passed=1)
    result = run(body.replace("np.load('w.npy')", "np.load('w.npy') + 1"))
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*`w`: 40 of 40 elements differ*"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_damaged_snapshot_is_named(run: Run, pytester: pytest.Pytester) -> None:
    run(CHECK, "--winit-update")
    path = pytester.path / "__winit__" / "test_it__test_step_0.json"
    path.write_text(path.read_text()[:-5])
    result = run(CHECK)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*BadInput: *test_it__test_step_0.json*"])


def test_loading_the_plugin_imports_neither_numpy_nor_winit_recipes() -> None:
    program = (
        "import sys, winit.pytest\n"
        "heavy = {'numpy', 'sqlite3', 'torch', 'concurrent.futures'} & set(sys.modules)\n"
        "inside = {m for m in sys.modules if m.startswith('winit.') and m != 'winit.pytest'}\n"
        "print(sorted(heavy | inside))"
    )
    source = str(Path(winit.__file__).parents[1])
    environment = {"PYTHONPATH": source, "PATH": "/usr/bin:/bin"}
    shown = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
