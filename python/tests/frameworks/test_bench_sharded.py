"""tools/bench-sharded: what it counts is what happens, its column of bits is true, and its arithmetic fits."""

from __future__ import annotations

import hashlib
import json
import math
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torch.distributed.tensor")
if sys.platform != "linux":
    pytest.skip("memory and bytes are counted by Linux", allow_module_level=True)

BENCHMARKS = Path(__file__).parents[3] / "Benchmarks"
from sharded import computed, counting, tables  # noqa: E402
from sharded.__main__ import main  # noqa: E402
from sharded.recipes import SEED, STD, recipe  # noqa: E402
from sharded.shapes import ITEM, LLAMA_1B, LLAMA_70B, SMALL, TINY, Shape  # noqa: E402
from winit import reference  # noqa: E402

RANKS = 2
WAYS = (
    "seed checkpoint", "whole model", "whole tensors", "dtensor", "broadcast", "scatter", "reader", "init_", "winit://"
)  # fmt: skip
OURS = ("reader", "init_", "winit://")
READERS = ("seed checkpoint", "reader", "winit://")
"""Ways that read files, and exchange plans of `dcp.load`."""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The document of a short sitting: one round, 2 ranks and 1 rank."""
    folder = tmp_path_factory.mktemp("bench")
    path = os.pathsep.join([str(BENCHMARKS), str(BENCHMARKS.parent / "python" / "src")])
    options = ["--small", "--ranks", str(RANKS), "--rounds", "1", "--work", str(folder)]
    files = ["--json", str(folder / "report.json"), "--markdown", str(folder / "report.md")]
    done = subprocess.run(
        [sys.executable, "-m", "sharded", *options, *files],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads((folder / "report.json").read_text())
    return {**found, "text": done.stdout, "markdown": (folder / "report.md").read_text(), "left": os.listdir(folder)}


def row(report: dict[str, Any], way: str) -> dict[str, Any]:
    """What the document says of a way."""
    found: dict[str, Any] = next(each for each in report["ways"] if each["way"] == way)
    return found


def torch_digest(shape: Shape) -> str:
    """The SHA-256 of all tensors, drawn by PyTorch's generator in this process, one after the other."""
    torch.manual_seed(SEED)
    digest = hashlib.sha256()
    for size in shape.tensors().values():
        tensor = torch.empty(size, dtype=torch.bfloat16)
        digest.update((tensor.normal_(0, STD) if len(size) > 1 else tensor.fill_(1)).view(torch.uint8).numpy())
    return digest.hexdigest()


def reference_digest(shape: Shape) -> str:
    """The SHA-256 of all tensors by the reference in NumPy, which shares no code with the kernels."""
    digest = hashlib.sha256()
    for name, size in shape.tensors().items():
        law = reference.normal(std=STD) if len(size) > 1 else reference.constant(1.0)
        tensor = reference.Tensor(name, "bfloat16", size, law, recipe(shape)[name].stream, SEED)
        digest.update(reference.canonical_bytes(SEED, tensor))
    return digest.hexdigest()


def test_every_way_but_the_generator_of_dtensor_has_the_bits_of_one_process(report: dict[str, Any]) -> None:
    assert [each["way"] for each in report["ways"]] == list(WAYS)
    drawn, made = torch_digest(SMALL), reference_digest(SMALL)
    for way in WAYS:
        digests, expected = row(report, way)["digests"], made if way in OURS else drawn
        assert digests["1"] == expected, way
        assert (digests["2"] == expected) == (way != "dtensor"), way
        assert row(report, way)["same_bits"] == (way != "dtensor"), way


def test_the_generator_of_dtensor_draws_equal_shards_on_a_cpu_and_the_table_says_so(report: dict[str, Any]) -> None:
    assert [each["way"] for each in report["ways"] if each["equal_shards"]] == ["dtensor"]
    lines = [line for line in report["text"].splitlines() if "all ranks draw equal shards" in line]
    assert len(lines) == 1 and lines[0].startswith("dtensor ")


def test_only_a_seed_checkpoint_is_as_large_as_the_model_and_init_reads_no_file(report: dict[str, Any]) -> None:
    for way in WAYS:
        stored, read = row(report, way)["stored"], row(report, way)["read"]
        if way == "seed checkpoint":
            assert stored >= SMALL.bytes
            assert read >= RANKS * SMALL.bytes  # each rank reads each tensor whole
        elif way in READERS:
            assert stored == len(recipe(SMALL).dumps())
            assert read == RANKS * stored
        else:
            assert (stored, read) == (0, 0), way


def test_only_broadcast_and_scatter_move_weights_over_the_network(report: dict[str, Any]) -> None:
    for way in WAYS:
        sent, received = (
            sum(use[key] for use in row(report, way)["rounds"][0]["ranks"]) for key in ("sent", "received")
        )
        assert abs(sent - received) < 10_000, way
        if way == "broadcast":
            assert SMALL.bytes <= sent < 1.01 * SMALL.bytes
        elif way == "scatter":
            assert SMALL.bytes / 2 <= sent < 0.51 * SMALL.bytes
        else:
            assert sent < 20_000, way


@pytest.mark.parametrize("way", WAYS)
def test_the_arithmetic_gives_what_was_measured(report: dict[str, Any], way: str) -> None:
    found, cost = row(report, way), computed.cost(way, SMALL, RANKS)
    tensors = len(SMALL.tensors())
    assert cost.stored <= found["stored"] <= 1.01 * cost.stored
    assert cost.read <= found["read"] <= cost.read + 50_000 * RANKS * tensors * (way == "seed checkpoint")
    assert cost.sent <= found["sent"] <= 1.002 * cost.sent + 1.3 * cost.plans + 1000
    assert found["sent"] >= 0.7 * (cost.sent + cost.plans)
    # A process keeps some memory for modules and buffers, and the C library keeps what was freed of a small model.
    buffers = {"winit://": 3 << 20, "whole model": SMALL.bytes // 2}.get(way, 0)
    for expected, measured in ((cost.first, found["peaks"][0]), (cost.others, max(found["peaks"][1:]))):
        assert 0.97 * expected <= measured <= expected + (6 << 20) + buffers
    if cost.prepared:
        assert 0.97 * cost.prepared <= found["preparation"]["peak"] <= cost.prepared + (6 << 20)


def test_a_link_makes_the_boxes_of_which_the_first_rank_holds_a_row() -> None:
    from winit.torch.checkpoint.grid import grid

    for shape, ranks in ((SMALL, 2), (SMALL, 48), (LLAMA_1B, 4)):
        made = boxes = 0
        for size in shape.tensors().values():
            held = torch.empty(size, device="meta").chunk(ranks)[0].shape[0]
            needed = [box for offset, box in grid(size, ITEM, ranks) if offset[0] < held]
            made += sum(map(math.prod, needed))
            boxes += len(grid(size, ITEM, ranks))
        cost = computed.cost("winit://", shape, ranks)
        assert (cost.drawn, cost.boxes) == (made, boxes)


def test_the_shapes_are_those_of_transformers(transformers: Any) -> None:
    for shape in (TINY, LLAMA_1B, LLAMA_70B):
        config = transformers.LlamaConfig(
            vocab_size=shape.vocabulary,
            hidden_size=shape.width,
            intermediate_size=shape.hidden,
            num_hidden_layers=shape.layers,
            num_attention_heads=shape.width // (128 if shape is LLAMA_70B else 64) or 1,
            num_key_value_heads=shape.keys // (128 if shape is LLAMA_70B else 64) or 1,
            head_dim={LLAMA_70B.name: 128, LLAMA_1B.name: 64}.get(shape.name, 4),
            tie_word_embeddings=not shape.has_head,
        )
        if shape is TINY:
            config.num_attention_heads, config.num_key_value_heads = 2, 1
        with torch.device("meta"):
            model = transformers.LlamaForCausalLM(config)
        ours = sorted(shape.tensors().values())
        assert sorted(tuple(each.shape) for each in model.parameters()) == ours
        assert shape.parameters == sum(each.numel() for each in model.parameters())
    assert LLAMA_1B.parameters == 1_235_814_400  # huggingface.co/meta-llama/Llama-3.2-1B
    assert LLAMA_70B.parameters == 70_553_706_496  # huggingface.co/meta-llama/Llama-3.1-70B


def test_the_bytes_of_tcp_connections_are_those_that_were_sent_and_received() -> None:
    program = """
import socket, sys
peer = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
peer.sendall(bytes(123_455))
peer.recv(1000, socket.MSG_WAITALL)
peer.sendall(bytes(1))
peer.recv(1)  # until the other side closes
"""
    with socket.create_server(("127.0.0.1", 0)) as server:
        before = counting.tcp_bytes()
        with subprocess.Popen([sys.executable, "-c", program, str(server.getsockname()[1])]):
            server.settimeout(60)
            peer, _ = server.accept()
            with peer:
                assert len(peer.recv(123_455, socket.MSG_WAITALL)) == 123_455
                peer.sendall(bytes(1000))
                assert len(peer.recv(1)) == 1
                after = counting.tcp_bytes()
    assert [new - old for old, new in zip(before, after, strict=True)] == [1000, 123_456]


def test_the_bytes_of_files_are_those_that_were_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(1_000_000))
    before = counting.counts()
    (tmp_path / "file").read_bytes()
    assert counting.counts().read - before.read - before.counting == 1_000_000


def test_the_peak_of_memory_counts_memory_that_was_given_back() -> None:
    np.ones(32 << 20).sum()  # 256 MiB, before the count
    counting.free_unused()
    counting.reset_peak()
    before = counting.counts()
    np.ones(8 << 20).sum()  # 64 MiB
    after = counting.counts()
    assert (60 << 20) < after.peak - before.resident < (80 << 20)
    assert after.resident - before.resident < (16 << 20)


def test_sizes_have_three_digits() -> None:
    values = (0, 288, 999.6, 18_480, 2_471_628_800, 141_107_412_992, 72_246_995_451_904, 5e15)
    texts = ["0 B", "288 B", "1 kB", "18.5 kB", "2.47 GB", "141 GB", "72.2 TB", "5000 TB"]
    assert [tables.size(value) for value in values] == texts


def test_the_tables_name_the_machine_the_versions_and_what_is_computed(report: dict[str, Any]) -> None:
    for text in (report["text"], report["markdown"]):
        for part in (report["machine"]["processor"], torch.__version__, report["date"], "load of the machine"):
            assert part in text
        assert "Computed, not measured" in text
    tables_of = [part for part in report["markdown"].split("\n\n") if part.startswith("|")]
    assert [len(part.splitlines()) for part in tables_of] == [len(WAYS) + 2] * 2
    assert sorted(report["left"]) == ["report.json", "report.md"]  # no file of a way is left


def test_an_unknown_way_is_refused_with_the_list_and_nothing_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--small", "--work", str(tmp_path / "work"), "--only", "init_", "magic"]
    monkeypatch.setattr(sys, "argv", ["tools/bench-sharded", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "there is no way 'magic'. The ways are 'seed checkpoint', 'whole model'" in capsys.readouterr().err
    assert not (tmp_path / "work").exists()
