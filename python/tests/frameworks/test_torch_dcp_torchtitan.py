"""torchtitan's llama3 debug model, parallelized by its own function, through `dcp.load(checkpoint_id="winit://…")`."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torchtitan.models.llama3", exc_type=ImportError)

import dcp_support  # noqa: E402
import dcp_torchtitan  # noqa: E402


def test_the_debug_model_of_four_ranks_is_that_of_one_process(tmp_path: Path) -> None:
    for rank, result in enumerate(dcp_support.run(dcp_torchtitan.body, 4, tmp_path)):
        assert result["wrong"] == [], f"rank {rank}"
        assert result["sharded"] > 20, "nothing was parallelized"
        assert result["held"] <= result["made"] <= 1.2 * result["held"], f"rank {rank}"
        # What pytorch/pytorch#196562 is about: on processors, torchtitan itself draws equal shards.
        assert result["own"].count("equal_shards") > 20 and set(result["own"]) == {"equal_shards"}
        assert result["audited"] == []
