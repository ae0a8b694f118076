"""tools/bench: aims.py lists every row, the report names the kind of processor, and its registries are sound."""

from __future__ import annotations

import functools
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from peers import __main__ as program
from peers import aims, fills, gpt2, large, llama3, many, many_runs, mixtral, models, shapes
from peers.harness import Bench, Usage
from peers.kinds import Kernels, Kind, features_in, features_on_mac, kind_of
from recipe_support import COMMAND, needs_command

ROOT = Path(__file__).parents[2]
X86 = ("scalar", "sse2", "avx2", "avx512")
CORES = 4
"""Enough for every aim, and for a power of two between one thread and all."""

# --- The rows ------------------------------------------------------------------------------------------------------


class Unmeasured(Bench):
    """A bench whose commands are not run: each takes a tenth of a second."""

    def usage(self, *arguments: object, peak: str | None = None) -> Usage:
        if "-o" in arguments:
            (self.work / str(arguments[arguments.index("-o") + 1])).write_bytes(b"1")
        if peak:
            self.peaks[peak] = 30
        return Usage(0.1, 0.2, 30)

    def say(self, text: str) -> None:
        pass

    def rest(self, *prefixes: str) -> None:
        self.clear(*prefixes)


class Torch:
    """Takes a second for each task."""

    is_there = True

    def __init__(self, bench: Bench) -> None:
        pass

    def seconds(self, task: str) -> float:
        return 1

    def close(self) -> None:
        pass


def all_fills() -> list[str]:
    return [*fills.LAWS, *fills.OTHER_LAWS, *(f"{law}.{dtype}" for law in fills.LAWS for dtype in fills.OTHER_DTYPES)]


def ours(bench: Bench, *dtype: str, kernel: str | None = None) -> tuple[str, fills.Rates]:
    return kernel or "avx512", {(fill, threads): 1e9 for fill in all_fills() for threads in (1, bench.cores)}


PEERS = {
    "torch": [*fills.LAWS, "constant", *(f for f in all_fills() if "float" in f), "orthogonal"],
    "numpy": ["normal", "uniform"],
    "jax": list(fills.LAWS),
}
"""What each library fills, by peer_fills.py."""


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Kind], Bench]:
    """Returns a function that makes all rows for a kind of processor, without a measurement."""
    monkeypatch.setattr(fills, "peer", lambda library: dict.fromkeys(PEERS[library], 1e8))
    monkeypatch.setattr(fills, "ours", ours)
    pythons = {f"{law} {threads}": 1e9 for law in fills.LAWS for threads in (1, CORES)}
    monkeypatch.setattr(fills, "python", lambda bench: pythons)
    monkeypatch.setattr(gpt2, "Torch", Torch)
    for module in (gpt2, llama3, mixtral):
        monkeypatch.setattr(module, "sha256_rate", lambda: 2e9)
    report = {"id": 1, "verify": 1, "processor": 1, "bytes": 1, "peak": 20}
    monkeypatch.setattr(mixtral, "distributed", lambda bench, world: report)
    monkeypatch.setattr(many, "registry", lambda bench, name, runs: None)
    monkeypatch.setattr(large, "plain_write", lambda path: 1.0)

    def beside(self: large.Readers, registry: str, create: Callable[[], float]) -> float:
        self.connection.append(1)
        self.commands.append(1)
        return create()

    monkeypatch.setattr(large.Readers, "beside", beside)
    fake = tmp_path / "peer_init.py"
    fake.write_text("import sys\nprint('native', flush=True)\nfor line in sys.stdin: print(0.1, flush=True)\n")
    monkeypatch.setattr(models, "PEER", fake)

    def rows(kind: Kind) -> Bench:
        made = Unmeasured("winit-registry", "winit-bench", 2, tmp_path, kind, CORES)
        program.measure(made, with_llama=True, with_large=True)
        return made

    return rows


@pytest.mark.parametrize("kind", Kind)
def test_every_row_has_its_place_among_the_aims_and_every_aim_has_a_row(
    bench: Callable[[Kind], Bench], kind: Kind
) -> None:
    made = bench(kind)
    assert made.notes == []
    rows = {result["name"] for result in made.results}
    assert len(rows) == len(made.results)
    named = {*aims.EVERYWHERE, *(row for rows in aims.OF_KIND.values() for row in rows), *aims.FIGURES}
    for threads in (1, 2, CORES):
        named.add(f"verify.cpu.{threads}.ms/GB")
    assert rows == named - {"verify.cpu.*.ms/GB"}
    assert {r["name"]: r["aim"] for r in made.results if r["aim"] is not None} == {
        row: aim.value for row, aim in {**aims.EVERYWHERE, **aims.OF_KIND[kind]}.items()
    }


def test_the_rows_of_recorded_tables_are_still_there(bench: Callable[[Kind], Bench]) -> None:
    text = (ROOT / "Benchmarks" / "README.md").read_text()
    recorded = re.findall(r"^([a-z][A-Za-z0-9_./]+)  .* … ", text, re.MULTILINE)
    assert len(recorded) > 40
    assert set(recorded) <= {result["name"] for result in bench(Kind.AVX512).results}


def test_long_rows_can_be_left_out(bench: Callable[[Kind], Bench], tmp_path: Path) -> None:
    bench(Kind.AVX512)
    short = Unmeasured("winit-registry", "winit-bench", 1, tmp_path, Kind.AVX512, CORES)
    program.measure(short, with_llama=False, with_large=False)
    rows = {result["name"] for result in short.results}
    assert not [row for row in rows if "llama" in row or "mixtral" in row or "4gb" in row or "1m" in row]
    assert {"verify/sha256", "create/write", "list.100k.ms", "create.44k.s"} <= rows


def test_a_row_that_is_not_in_the_tables_is_an_error() -> None:
    with pytest.raises(KeyError, match=r"verify/sha265"):
        aims.aim_of("verify/sha265", Kind.AVX512, CORES)


def test_an_aim_for_several_cores_does_not_hold_on_one() -> None:
    assert aims.aim_of("fill.normal.threads", Kind.AVX512, 1) is None
    assert aims.aim_of("fill.normal.threads", Kind.AVX512, 2) == aims.at_least(1.9, cores=2)


def test_each_kind_of_processor_has_its_own_aims() -> None:
    def value(row: str, kind: Kind) -> float | None:
        aim = aims.aim_of(row, kind, CORES)
        return None if aim is None else aim.value

    rows = ("fill.normal/torch", "fill.uniform/torch", "fill.truncated_normal/torch")
    hashes = ("verify/sha256", "verify.llama3/sha256")
    assert [value(row, Kind.AVX512) for row in (*rows, *hashes)] == [5, 9, 60, 0.65, 1.1]
    assert [value(row, Kind.AVX2_SHA) for row in (*rows, *hashes)] == [5, 9, 65, 0.6, 0.8]
    assert [value(row, Kind.ARM_SHA2) for row in (*rows, *hashes)] == [None] * 5
    for kind in Kind:
        assert (value("create/write", kind), value("create.4gb/write", kind)) == (0.65, 0.8)


def test_the_table_marks_a_row_that_misses_its_aim(tmp_path: Path) -> None:
    made = Bench("", "", 1, tmp_path, Kind.AVX512, CORES)
    made.ratio("verify/sha256", [0.5, 0.7, 0.6])
    made.ratio("create/write", [0.65])
    made.value("version.ms", [20.01])
    made.value("write.GBps", [1])
    made.ratio("verify/torch", [])
    assert program.table(made.results) == "\n".join([
        "what           median  rounds       aim",
        "verify/sha256  0.6 ×   0.5 … 0.7    at least 0.65  missed",
        "create/write   0.65 ×  0.65 … 0.65  at least 0.65",
        "version.ms     20      20 … 20      at most 20     missed",
        "write.GBps     1       1 … 1",
    ])  # fmt: skip
    assert program.verdict(made.results) == "2 of 3 aims are missed: verify/sha256, version.ms"
    assert [result.get("met") for result in made.results] == [False, True, False, None]
    assert program.verdict(made.results[1:2]) == "every aim is met"


def test_a_ratio_has_no_maximum_and_a_value_has_no_minimum(tmp_path: Path) -> None:
    made = Bench("", "", 1, tmp_path, Kind.AVX512, CORES)
    with pytest.raises(ValueError, match="minimum"):
        made.value("verify/sha256", [1])
    with pytest.raises(ValueError, match="minimum"):
        made.ratio("version.ms", [1])


def test_the_report_names_the_kind_and_keeps_its_members(
    bench: Callable[[Kind], Bench],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    bench(Kind.AVX512)
    (tmp_path / ".build").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["tools/bench", "winit-registry", "winit-bench", "--json", "r.json"])
    monkeypatch.setattr(program, "Bench", functools.partial(Unmeasured, cores=CORES))
    monkeypatch.setattr(program, "kernels", lambda command: Kernels("avx2", X86))
    monkeypatch.setattr(program, "features", lambda: features_in(XEON))
    monkeypatch.setattr(program, "processor", lambda: "Xeon")
    monkeypatch.setattr(program, "versions", lambda: {"torch": None})
    monkeypatch.setattr(program, "is_torch_limited", lambda limit: False)
    for name in Kernels("avx2", X86).environment():
        monkeypatch.setenv(name, "")  # the bench sets them, and pytest restores them
    program.main()
    assert os.environ["ATEN_CPU_CAPABILITY"] == "avx2"
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == (
        f"Xeon, {os.cpu_count()} cores, AVX2 with SHA (kernel avx2), forced on a processor with AVX-512; "
        "PyTorch and JAX are limited to AVX2"
    )
    assert "left out: torch is not installed" in lines
    assert "note: PyTorch does not keep to AVX2: its ratios are too low" in lines
    report = json.loads((tmp_path / "r.json").read_text())
    assert set(report) == {"machine", "kernel", "versions", "results"}
    assert set(report["machine"]) == {"processor", "cores", "system", "kind", "limited"}
    assert (report["machine"]["kind"], report["machine"]["limited"]) == ("AVX2 with SHA", "AVX2")
    for result in report["results"]:
        members = {"name", "rounds", "aim", "ratio" if "ratio" in result else "value"}
        assert set(result) == members | ({"met"} if result["aim"] is not None else set())


# --- The kind of processor -----------------------------------------------------------------------------------------

# From /proc/cpuinfo, shortened. The third has a line of other flags, with names that its processor lacks.
XEON = "processor\t: 0\nmodel name\t: Intel(R) Xeon(R) Processor\nflags\t\t: sse4_1 avx2 avx512f sha_ni amx_tile\n"
EPYC = "processor\t: 0\nflags\t\t: fpu vme sse4_1 sse4_2 avx avx2 bmi2 sha_ni vaes\nbugs\t\t: spectre_v1\n"
HASWELL = "processor\t: 0\nvmx flags\t: sse4_1 sha_ni\nflags\t\t: fpu vme sse4_1 avx avx2 bmi2\nbogomips\t: 4600\n"
GRAVITON = "processor\t: 0\nBogoMIPS\t: 243.75\nFeatures\t: fp asimd aes pmull sha1 sha2 crc32 asimddp\n"
RASPBERRY = "processor\t: 0\nFeatures\t: fp asimd evtstrm crc32 cpuid\nCPU implementer\t: 0x41\n"


@pytest.mark.parametrize(
    ("cpuinfo", "kernel", "kind"),
    [
        (XEON, "avx512", Kind.AVX512),
        (XEON, "avx2", Kind.AVX2_SHA),
        (XEON, "sse2", Kind.OTHER),
        (XEON, "scalar", Kind.OTHER),
        (EPYC, "avx2", Kind.AVX2_SHA),
        (HASWELL, "avx2", Kind.AVX2),
        (GRAVITON, "neon", Kind.ARM_SHA2),
        (GRAVITON, "scalar", Kind.OTHER),
        (RASPBERRY, "neon", Kind.OTHER),
        (GRAVITON.replace(" sha2", " sha512"), "neon", Kind.OTHER),
        ("processor\t: 0\n", "avx2", Kind.AVX2),
        ("", "neon", Kind.OTHER),
    ],
)
def test_a_processor_is_of_the_kind_of_its_kernel_and_features(cpuinfo: str, kernel: str, kind: Kind) -> None:
    assert kind_of(kernel, features_in(cpuinfo)) is kind


def test_a_mac_has_the_kind_of_its_processor() -> None:
    assert kind_of("neon", features_on_mac("arm64", "")) is Kind.ARM_SHA2
    assert kind_of("avx2", features_on_mac("x86_64", "FPU SSE4.1 SSE4.2\nBMI1 AVX2 SHA")) is Kind.AVX2_SHA
    assert kind_of("avx2", features_on_mac("x86_64", "FPU SSE4.1 SSE4.2\nBMI1 AVX2")) is Kind.AVX2


def test_peers_keep_to_the_instructions_of_a_forced_kernel() -> None:
    forced = Kernels("avx2", X86)
    assert forced.environment()["ATEN_CPU_CAPABILITY"] == "avx2"
    assert forced.environment("--other")["XLA_FLAGS"] == "--other --xla_cpu_max_isa=AVX2"
    assert forced.heading(features_in(XEON)) == (
        "AVX2 with SHA (kernel avx2), forced on a processor with AVX-512; PyTorch and JAX are limited to AVX2"
    )
    assert Kernels("sse2", X86).environment()["ATEN_CPU_CAPABILITY"] == "default"
    assert Kernels("scalar", X86[:3]).heading(features_in(HASWELL)) == (
        "other (kernel scalar), forced on a processor with AVX2 without SHA; PyTorch and JAX are limited to SSE4.2"
    )


@pytest.mark.parametrize(("kernels", "cpuinfo"), [(X86, XEON), (X86[:3], EPYC), (("scalar", "neon"), GRAVITON)])
def test_peers_are_not_limited_beside_the_widest_kernel(kernels: tuple[str, ...], cpuinfo: str) -> None:
    widest = Kernels(kernels[-1], kernels)
    assert widest.environment("--other") == {}
    assert "forced" not in widest.heading(features_in(cpuinfo))


@needs_command
def test_a_kernel_that_the_processor_lacks_ends_the_bench(monkeypatch: pytest.MonkeyPatch) -> None:
    assert COMMAND
    monkeypatch.setenv("WINIT_KERNEL", "avx9")
    with pytest.raises(SystemExit, match="avx9"):
        program.kernels(COMMAND)
    monkeypatch.setenv("WINIT_KERNEL", "scalar")
    known = program.kernels(COMMAND)
    assert known.current == "scalar" and known.is_forced


# --- The registries ------------------------------------------------------------------------------------------------


def command(folder: Path, *arguments: object) -> Any:
    """Runs the command on the registry `many` and returns its JSON."""
    assert COMMAND
    words = [COMMAND, *map(str, arguments), "--registry", "many", "--json"]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


RUNS = 1_100
"""More than there are lengths of `b`, so that some copies differ in their seeds alone."""


@needs_command
def test_a_registry_of_many_runs_is_sound_and_all_that_it_says_is_true(tmp_path: Path) -> None:
    assert COMMAND
    made = Bench(COMMAND, "", 1, tmp_path, Kind.AVX512)
    many.registry(made, "many", RUNS)
    assert command(tmp_path, "doctor", "--full")["sound"] is True
    verified = command(tmp_path, "verify", "--all")
    assert (verified["matches"], len(verified["runs"])) == (True, RUNS)
    runs = command(tmp_path, "list", "--limit", 0)["runs"]
    assert len(runs) == len({run["id"] for run in runs}) == len({run["seed"] for run in runs}) == RUNS
    assert len({run["parameter_count"] for run in runs}) == 997
    assert all(run["byte_count"] == 4 * run["parameter_count"] for run in runs)
    assert command(tmp_path, "show", "model-7")["version"] == RUNS // 100
    filtered = command(tmp_path, "list", "model-*", *many.FILTERS, "--limit", 0)["runs"]
    assert len(filtered) == len([i for i in range(2, RUNS + 1) if i % 50 == 3 and i % 7 == 3])


@needs_command
def test_the_commands_that_are_measured_among_many_runs_work(tmp_path: Path) -> None:
    assert COMMAND
    made = Bench(COMMAND, "", 1, tmp_path, Kind.AVX512)
    many.registry(made, "many", 10)
    for task in many.tasks(made, "many", "100k").values():
        assert task() > 0
    assert len(command(tmp_path, "list", "--limit", 0)["runs"]) == 11


@needs_command
def test_only_a_registry_with_one_run_is_multiplied(tmp_path: Path) -> None:
    assert COMMAND
    made = Bench(COMMAND, "", 1, tmp_path, Kind.AVX512)
    many.registry(made, "many", 5)
    with pytest.raises(ValueError, match="one run"):
        many_runs.multiply(tmp_path / "many", 10)
    assert len(command(tmp_path, "list", "--limit", 0)["runs"]) == 5


def test_a_script_is_split_where_its_statements_end() -> None:
    script = "-- a; comment\nBEGIN;\nINSERT INTO t\n  VALUES (';');\nCOMMIT;\n"
    assert [statement.strip() for statement in many_runs.statements(script)] == [
        "-- a; comment\nBEGIN;",
        "INSERT INTO t\n  VALUES (';');",
        "COMMIT;",
    ]


# --- The large model -----------------------------------------------------------------------------------------------


def test_specs_have_the_sizes_of_the_models() -> None:
    def elements(model: shapes.Shapes) -> int:
        total = 0
        for shape in model.values():
            count = 1
            for size in shape:
                count *= size
            total += count
        return total

    # 8,030,261,248 and 46,702,792,704 parameters: the model cards of Llama-3-8B and Mixtral-8x7B-v0.1.
    assert elements(shapes.llama3()) == 8_030_261_248 == llama3.BYTES // 4
    assert elements(shapes.mixtral()) == 46_702_792_704 == mixtral.BYTES // 2
    assert large.BYTES == 4_026_531_840


def test_a_plain_write_writes_as_many_bytes_and_none_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large, "BYTES", 3 << 20)
    assert large.plain_write(tmp_path / "plain") > 0
    written = (tmp_path / "plain").read_bytes()
    assert len(written) == 3 << 20
    assert len({written[i << 20 : i + 1 << 20] for i in range(3)}) == 3


def test_a_percentile_is_the_value_that_the_others_do_not_exceed() -> None:
    hundred = [float(i) for i in range(1, 101)]
    assert large.percentile(hundred[::-1], 0.99) == 99
    assert large.percentile(hundred + [1000.0] * 2, 0.99) == 1000
    assert large.percentile([7.0], 0.99) == 7


@needs_command
def test_readers_are_measured_while_a_create_runs(tmp_path: Path) -> None:
    assert COMMAND
    made = Bench(COMMAND, "", 1, tmp_path, Kind.AVX512)
    (tmp_path / "small.yaml").write_text(shapes.spec({"w": (256, 1024)}, "float32"))
    made.run("create", "small", "--spec", "small.yaml", "--seed", 1, "--registry", "big")
    readers = large.Readers(made)
    create = ("create", "large", "--spec", "small.yaml", "--seed", 2, "--registry", "big")
    seconds = readers.beside("big", lambda: made.run(*create))
    assert seconds > 0 and readers.connection[0] > 0 and readers.commands[0] > 0
    with pytest.raises(SystemExit, match="absent"):
        readers.beside("big", lambda: made.run("show", "absent", "--registry", "big"))


def test_the_bench_refuses_no_rounds() -> None:
    child = subprocess.run(
        [sys.executable, "-m", "peers", "a", "b", "--rounds", "0"],
        cwd=ROOT / "Benchmarks",
        capture_output=True,
        text=True,
    )
    assert child.returncode == 2 and "--rounds must be 1 or more" in child.stderr


def test_a_wrong_option_ends_the_bench_before_anything_is_built() -> None:
    child = subprocess.run(
        ["bash", str(ROOT / "tools" / "bench"), "--rouns", "1"], capture_output=True, text=True, timeout=60
    )
    assert child.returncode == 64
    assert "unrecognized arguments: --rouns" in child.stderr
    assert "Build" not in child.stdout + child.stderr
