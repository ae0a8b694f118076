"""winit-registry against its peers, in one run. Called by tools/bench, which says how.

Every round measures each contender once, in turn, so that a machine that changes its speed changes it for all. What
is reported is the median of the rounds' ratios, and the rounds themselves.
"""

import argparse
import json
import os
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

LAWS = ("normal", "uniform", "truncated_normal")
ELEMENTS = 1 << 26
PEER = pathlib.Path(__file__).with_name("bench_peer.py")


class Bench:
    def __init__(self, binaries, rounds, work):
        self.command = os.path.join(binaries, "winit-registry")
        self.fills = os.path.join(binaries, "winit-bench")
        self.rounds = rounds
        self.work = pathlib.Path(work)
        self.specs = pathlib.Path(__file__).parents[2] / "specs"
        self.results = []
        self.peaks = {}
        self.cores = os.cpu_count()

    def say(self, text):
        print(text, file=sys.stderr, flush=True)

    def ratio(self, name, rounds, at_least=None):
        self.results.append({"name": name, "ratio": statistics.median(rounds), "rounds": rounds, "aim": at_least})

    def value(self, name, rounds, at_most=None):
        self.results.append({"name": name, "value": statistics.median(rounds), "rounds": rounds, "aim": at_most})

    def run(self, *arguments, peak=None):
        """Runs the command; seconds of wall time. `peak` names where its peak of memory is noted."""
        start = time.perf_counter()
        child = subprocess.Popen(
            [self.command, *map(str, arguments)], cwd=self.work, stdout=subprocess.DEVNULL, env={**os.environ, "WINIT_REGISTRY": ""})
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - start
        if status != 0:
            sys.exit(f"winit-registry {' '.join(map(str, arguments))} failed")
        if peak:
            self.peaks[peak] = max(self.peaks.get(peak, 0), usage.ru_maxrss / 1000)
        return seconds

    def clear(self, *names):
        for name in names:
            for path in self.work.glob(name + "*"):
                path.unlink()

    # --- 1. fills ---

    def peer(self, library):
        """Elements a second of each law the library has, at its best number of threads; {} where it is missing."""
        child = subprocess.run(
            [sys.executable, PEER, library, str(ELEMENTS)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        return json.loads(child.stdout) if child.returncode == 0 else {}

    def fill(self):
        rounds = []
        for number in range(self.rounds):
            self.say(f"fills, round {number + 1} of {self.rounds} …")
            report = json.loads(subprocess.run([self.fills, str(ELEMENTS), "1"], stdout=subprocess.PIPE, check=True).stdout)
            ours = {
                (r["name"].removeprefix("fill."), r["threads"]): ELEMENTS / r["rounds"][0]
                for r in report["results"] if r["dtype"] == "float32"
            }
            rounds.append((ours, {library: self.peer(library) for library in ("torch", "numpy", "jax")}))
        aims = {
            ("normal", "torch"): 5, ("uniform", "torch"): 9, ("truncated_normal", "torch"): 60, ("normal", "numpy"): 17,
            ("normal", "jax"): 15,
        }
        for law in LAWS:
            self.value(f"fill.{law}.Meps", [ours[law, self.cores] / 1e6 for ours, _ in rounds])
            for library in ("torch", "numpy", "jax"):
                ratios = [ours[law, self.cores] / peers[library][law] for ours, peers in rounds if law in peers[library]]
                if ratios:
                    self.ratio(f"fill.{law}/{library}", ratios, aims.get((law, library)))
        self.ratio("fill.normal.threads", [ours["normal", self.cores] / ours["normal", 1] for ours, _ in rounds], 1.9)
        return report["kernel"]

    # --- 2. verify ---

    def sha256(self):
        """Bytes a second of SHA-256 on one core, as OpenSSL measures itself; None without it."""
        if not shutil.which("openssl"):
            return None
        text = subprocess.run(
            ["openssl", "speed", "-seconds", "1", "-bytes", "1048576", "-evp", "sha256"], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True).stdout
        match = re.search(r"([\d.]+)k\s*$", text.strip())
        return float(match.group(1)) * 1000 if match else None

    def verify(self):
        self.run("create", "gpt2", "--spec", self.specs / "gpt2.yaml", "--seed", 1, "--recipe-only", "--registry", "recipe")
        size = 497_759_232
        rates, ratios = [], []
        for number in range(self.rounds):
            self.say(f"verify, round {number + 1} of {self.rounds} …")
            rate = size / self.run("verify", "gpt2", "--registry", "recipe", peak="verify.gpt2.peak.mb")
            rates.append(rate / 1e9)
            limit = self.sha256()
            if limit:
                ratios.append(rate / (limit * self.cores))
        self.value("verify.gpt2.GBps", rates)
        if ratios:
            self.ratio("verify/sha256", ratios, 0.65)
        else:
            self.say("NOTE: openssl is not here; verify/sha256 is left out")

    # --- 3, 4. create and get, against the disk ---

    def write(self, source, target):
        """Seconds for writing the bytes of `source` to a new file, with an fsync."""
        start = time.perf_counter()
        with open(self.work / source, "rb", buffering=0) as input, open(self.work / target, "wb", buffering=0) as output:
            while block := input.read(1 << 20):
                output.write(block)
            os.fsync(output.fileno())
        return time.perf_counter() - start

    def disk(self):
        create, stored, regenerated = [], [], []
        for number in range(self.rounds):
            self.say(f"create and get, round {number + 1} of {self.rounds} …")
            self.clear("stored", "a.", "b.", "c.", "d.")
            spent = self.run("create", "gpt2", "--spec", self.specs / "gpt2.yaml", "--seed", 1, "--registry", "stored", peak="create.gpt2.peak.mb")
            got = self.run("get", "gpt2", "--registry", "stored", "-o", "a.safetensors", peak="get.gpt2.peak.mb")
            made = self.run("get", "gpt2", "--registry", "recipe", "-o", "b.safetensors")
            copied = self.write("a.safetensors", "c.safetensors")
            written = self.write("a.safetensors", "d.safetensors")
            create.append(written / spent)
            stored.append(copied / got)
            regenerated.append(copied / made)
        self.ratio("create/write", create, 0.8)
        self.ratio("get.stored/copy", stored, 0.8)
        self.ratio("get.regenerated/copy", regenerated, 1.0)
        self.clear("stored", "a.", "b.", "c.", "d.")

    # --- 5. a slice out of Llama-3-8B, and its memory ---

    def llama(self):
        self.say("Llama-3-8B, recipe only …")
        shapes = {"model.embed_tokens.weight": (128256, 4096)}
        for layer in range(32):
            prefix = f"model.layers.{layer}."
            for name, rows, columns in (
                ("self_attn.q_proj", 4096, 4096), ("self_attn.k_proj", 1024, 4096), ("self_attn.v_proj", 1024, 4096),
                ("self_attn.o_proj", 4096, 4096), ("mlp.gate_proj", 14336, 4096), ("mlp.up_proj", 14336, 4096),
                ("mlp.down_proj", 4096, 14336),
            ):
                shapes[f"{prefix}{name}.weight"] = (rows, columns)
            shapes[prefix + "input_layernorm.weight"] = shapes[prefix + "post_attention_layernorm.weight"] = (4096,)
        shapes |= {"model.norm.weight": (4096,), "lm_head.weight": (128256, 4096)}
        lines = ["tensors:"] + [f"  {name}: {list(shape)}" for name, shape in shapes.items()]
        lines += ["rules:", '  - {match: "*norm*", init: ones}', '  - {match: "*", init: {scheme: normal, std: 0.02}}']
        (self.work / "llama.yaml").write_text("\n".join(lines) + "\n")
        self.run("create", "llama", "--spec", "llama.yaml", "--seed", 1, "--recipe-only", "--registry", "recipe", peak="create.llama3.peak.mb")
        seconds = self.run("verify", "llama", "--registry", "recipe", peak="verify.llama3.peak.mb")
        self.value("verify.llama3.GBps", [32.121_044_992 / seconds])
        name = "model.layers.3.mlp.up_proj.weight"
        slices = [
            self.run("get", "llama", "--registry", "recipe", "--tensor", name, "--slice", "100:164", "-o", f"s{i}.raw", peak="slice.peak.mb")
            for i in range(max(5, self.rounds))
        ]
        whole = self.run("get", "llama", "--registry", "recipe", "--tensor", name, "-o", "whole.raw")
        self.value("slice.cold.ms", [1000 * s for s in slices], 50)
        self.ratio("whole/slice", [whole / s for s in slices])

    def start(self):
        self.value("version.ms", [1000 * self.run("version") for _ in range(max(10, self.rounds))], 20)


def table(results):
    lines = [("what", "median", "rounds", "aim")]
    for r in results:
        median = r.get("ratio", r.get("value"))
        unit = " ×" if "ratio" in r else ""
        aim = "" if r["aim"] is None else ("at least " if "ratio" in r else "at most ") + f"{r['aim']}"
        lines.append((r["name"], f"{median:.3g}{unit}", f"{min(r['rounds']):.3g} … {max(r['rounds']):.3g}", aim))
    widths = [max(len(line[i]) for line in lines) for i in range(4)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)


def versions():
    found = {"python": platform.python_version()}
    for library in ("numpy", "torch", "jax"):
        child = subprocess.run(
            [sys.executable, "-c", f"import {library}; print({library}.__version__)"], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True)
        found[library] = child.stdout.strip() if child.returncode == 0 else None
    return found


def processor():
    try:
        text = pathlib.Path("/proc/cpuinfo").read_text()
        return re.search(r"model name\s*:\s*(.*)", text).group(1)
    except (OSError, AttributeError):
        return platform.processor() or platform.machine()


def main():
    parser = argparse.ArgumentParser(prog="tools/bench")
    parser.add_argument("binaries", help=argparse.SUPPRESS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", metavar="FILE", help="also write the results there")
    parser.add_argument("--without-llama", action="store_true", help="leave out Llama-3-8B, which takes most of a minute")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=os.getcwd(), prefix=".build/bench-") as work:
        bench = Bench(arguments.binaries, arguments.rounds, work)
        kernel = bench.fill()
        bench.verify()
        bench.disk()
        if not arguments.without_llama:
            bench.llama()
        bench.start()
        aims = {"create.llama3.peak.mb": 100, "verify.llama3.peak.mb": 100}
        for name, megabytes in sorted(bench.peaks.items()):
            bench.value(name, [megabytes], aims.get(name))
    report = {
        "machine": {"processor": processor(), "cores": bench.cores, "system": platform.platform()}, "kernel": kernel,
        "versions": versions(), "results": bench.results,
    }
    print(f"{report['machine']['processor']}, {bench.cores} cores, kernel {kernel}")
    print(table(bench.results))
    for library, version in report["versions"].items():
        if version is None:
            print(f"left out: {library} is not installed")
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
