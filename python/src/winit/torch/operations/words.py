"""Philox4x32-10 in int64 tensors (docs/law.md, "Words")."""

from __future__ import annotations

import torch

_MASK = 0xFFFFFFFF


def _philox(
    counter: tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor], seed: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Runs the ten rounds on int64 tensors that hold 32-bit values.

    A product of two such values wraps in int64, and its bits are those of the unsigned product. The shift copies the
    sign bit, which the mask removes.
    """
    c0, c1, c2, c3 = counter
    k0, k1 = seed & _MASK, seed >> 32
    for _ in range(10):
        product_0 = c0 * 0xD2511F53
        product_1 = c2 * 0xCD9E8D57
        c0, c1, c2, c3 = (
            (product_1 >> 32).bitwise_and_(_MASK).bitwise_xor_(c1).bitwise_xor_(k0),
            product_1 & _MASK,
            (product_0 >> 32).bitwise_and_(_MASK).bitwise_xor_(c3).bitwise_xor_(k1),
            product_0 & _MASK,
        )
        k0 = (k0 + 0x9E3779B9) & _MASK
        k1 = (k1 + 0xBB67AE85) & _MASK
    return c0, c1, c2, c3


def _blocks(seed: int, stream: int, blocks: torch.Tensor) -> list[torch.Tensor]:
    low, high = torch.full_like(blocks, stream & _MASK), torch.full_like(blocks, stream >> 32)
    return [lane.to(torch.int32) for lane in _philox((blocks & _MASK, blocks >> 32, low, high), seed)]  # to() wraps


def words(seed: int, stream: int, start: int, count: int, device: torch.device) -> torch.Tensor:
    """Makes the words of elements start ..< start + count as int32 bit patterns, of shape [count]."""
    first, last = start >> 2, (start + count + 3) >> 2
    blocks = torch.arange(first, last, dtype=torch.int64, device=device)
    lanes = torch.stack(_blocks(seed, stream, blocks), dim=-1).reshape(-1)
    return lanes[start - 4 * first :][:count]


def words_at(seed: int, stream: int, indices: torch.Tensor) -> torch.Tensor:
    """Makes the words of any elements as int32 bit patterns, in the shape of the indices (int64)."""
    lanes = _blocks(seed, stream, indices >> 2)
    lane = indices & 3
    low = torch.where(lane == 0, lanes[0], lanes[1])
    high = torch.where(lane == 2, lanes[2], lanes[3])
    return torch.where(lane < 2, low, high)
