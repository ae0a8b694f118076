"""Writes Tests/Vectors/shards.txt: how huggingface_hub groups tensors into the shards of a checkpoint, and names them.

    PYTHONPATH=tools python -m checks.shards > Tests/Vectors/shards.txt

Needs huggingface_hub (recorded with 2.4.0).
"""

from __future__ import annotations

import random

from huggingface_hub import split_state_dict_into_shards_factory

HEAD = """\
# Shards of checkpoints, made by huggingface_hub with `python -m checks.shards`.
# The limit; the sizes of the tensors; the file of each tensor, with the pattern m{suffix}.
"""


def split(sizes: list[int], limit: int | str) -> list[str]:
    """The names of the files of tensors of these sizes, in the order of the tensors."""
    result = split_state_dict_into_shards_factory(
        {str(i): size for i, size in enumerate(sizes)},
        get_storage_size=lambda size: size,
        filename_pattern="m{suffix}",
        max_shard_size=limit,
    )
    return [result.tensor_to_filename[str(i)] for i in range(len(sizes))]


def main() -> None:
    draw = random.Random(20261128)
    print(HEAD, end="")
    cases: list[tuple[list[int], int]] = [
        ([6, 6, 2, 6, 2, 2], 10),
        ([1], 1),
        ([2], 1),
        ([0, 0], 1),
        ([3, 12, 3, 12], 10),
    ]
    for _ in range(60):
        top = draw.choice([5, 20, 1000])
        cases.append(([draw.randint(0, top) for _ in range(draw.randint(1, 25))], draw.randint(1, 2 * top)))
    for sizes, limit in cases:
        print(limit, ",".join(map(str, sizes)), ",".join(split(sizes, limit)))


if __name__ == "__main__":
    main()
