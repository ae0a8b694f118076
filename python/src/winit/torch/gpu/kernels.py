"""The two kernels: one writes the elements of a box where they lie, one computes the values of given words."""

# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

import triton
import triton.language as tl

from .law import philox, rounded_to_bfloat16, values, wide


@triton.jit(
    do_not_specialize=[
        *("units", "length", "first_low", "first_high", "key_low", "key_high", "stream_low", "stream_high"),
        *("n0", "n1", "n2", "w0_low", "w0_high", "w1_low", "w1_high", "w2_low", "w2_high", "w3_low", "w3_high"),
        *("m0_low", "m0_high", "m1_low", "m1_high", "m2_low", "m2_high", "m3_low", "m3_high"),
        *("step_low", "step_high", "p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7"),
    ]
)
def fill(
    out: tl.tensor, units: tl.tensor, length: tl.tensor, first_low: tl.tensor, first_high: tl.tensor,
    key_low: tl.tensor, key_high: tl.tensor, stream_low: tl.tensor, stream_high: tl.tensor,
    n0: tl.tensor, n1: tl.tensor, n2: tl.tensor,
    w0_low: tl.tensor, w0_high: tl.tensor, w1_low: tl.tensor, w1_high: tl.tensor,
    w2_low: tl.tensor, w2_high: tl.tensor, w3_low: tl.tensor, w3_high: tl.tensor,
    m0_low: tl.tensor, m0_high: tl.tensor, m1_low: tl.tensor, m1_high: tl.tensor,
    m2_low: tl.tensor, m2_high: tl.tensor, m3_low: tl.tensor, m3_high: tl.tensor,
    step_low: tl.tensor, step_high: tl.tensor,
    p0: tl.tensor, p1: tl.tensor, p2: tl.tensor, p3: tl.tensor,
    p4: tl.tensor, p5: tl.tensor, p6: tl.tensor, p7: tl.tensor,
    LAW: tl.constexpr, AXES: tl.constexpr, ROW: tl.constexpr, IS_ALIGNED: tl.constexpr, IN_INTEGERS: tl.constexpr,
    BLOCK: tl.constexpr,
) -> None:  # fmt: skip
    """Writes the elements of one launch (`layout.Launch`).

    A unit is the part of a row that one Philox block gives: up to four elements. Units are counted with axis 0 fastest.
    The arguments are those of `launching.fill_arguments`, all int32 but the first. A number that may need 64 bits comes
    in two halves, so that no argument changes its type with its value, and with it the compiled code.

    - `out`: where the first element lies.
    - `units`: the number of units, below 2^31.
    - `length`: the number of elements of a row.
    - `first`: the index of the first element's word.
    - `key`, `stream`: the seed and the stream.
    - `n`: the lengths of all axes but the slowest one.
    - `w`, `m`: how far apart neighbors on an axis are, in words and in memory, counted in elements.
    - `step`: how far apart neighbors in a row lie in memory, in elements.
    - `p`, `LAW`: the parameters of the law and its formula; see `law.values`.
    - `AXES`: the number of axes, 1 to 4. `ROW` is the one that counts the units of a row.
    - `IS_ALIGNED`: whether each unit is four elements side by side, at a multiple of four elements from `out`.
    - `IN_INTEGERS`: whether bfloat16 is rounded in integers. `out` then points to int16.
    - `BLOCK`: the number of units of a program.
    """
    unit = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    rest = unit.to(tl.uint32)
    word = wide(first_low, first_high)
    place = wide(step_low, step_high) * 0
    block_in_row = rest
    for axis in tl.static_range(AXES):
        index = rest
        if axis < AXES - 1:
            if axis == 0:
                count = n0.to(tl.uint32)
            elif axis == 1:
                count = n1.to(tl.uint32)
            else:
                count = n2.to(tl.uint32)
            index = rest % count
            rest = rest // count
        if axis == ROW:
            block_in_row = index
        else:
            if axis == 0:
                word += index.to(tl.int64) * wide(w0_low, w0_high)
                place += index.to(tl.int64) * wide(m0_low, m0_high)
            elif axis == 1:
                word += index.to(tl.int64) * wide(w1_low, w1_high)
                place += index.to(tl.int64) * wide(m1_low, m1_high)
            elif axis == 2:
                word += index.to(tl.int64) * wide(w2_low, w2_high)
                place += index.to(tl.int64) * wide(m2_low, m2_high)
            else:
                word += index.to(tl.int64) * wide(w3_low, w3_high)
                place += index.to(tl.int64) * wide(m3_low, m3_high)

    a, b, c, d = philox(
        (word >> 2) + block_in_row.to(tl.int64),
        stream_low.to(tl.uint32), stream_high.to(tl.uint32), key_low.to(tl.uint32), key_high.to(tl.uint32),
    )  # fmt: skip
    words = tl.reshape(tl.join(tl.join(a, c), tl.join(b, d)), (BLOCK, 4))
    result = values(words, p0, p1, p2, p3, p4, p5, p6, p7, LAW)
    if IN_INTEGERS:
        result = rounded_to_bfloat16(result)
    else:
        result = result.to(out.dtype.element_ty)

    lane = tl.arange(0, 4)[None, :]
    if IS_ALIGNED:
        start = tl.multiple_of(place + block_in_row.to(tl.int64) * 4, 4)
        tl.store(out + (start[:, None] + lane), result, mask=(unit < units)[:, None])
    else:
        within = block_in_row.to(tl.int32) * 4 - (word & 3).to(tl.int32)
        element = within[:, None] + lane
        mask = (unit < units)[:, None] & (element >= 0) & (element < length)
        offset = (place + within * 0)[:, None] + element.to(tl.int64) * wide(step_low, step_high)
        tl.store(out + offset, result, mask=mask)


@triton.jit(do_not_specialize=["count", "p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7"])
def draw(
    words: tl.tensor, out: tl.tensor, count: tl.tensor,
    p0: tl.tensor, p1: tl.tensor, p2: tl.tensor, p3: tl.tensor,
    p4: tl.tensor, p5: tl.tensor, p6: tl.tensor, p7: tl.tensor,
    LAW: tl.constexpr, BLOCK: tl.constexpr,
) -> None:  # fmt: skip
    """Computes the values of `count` given words (int32, fewer than 2^31) in binary32, for checks of all words."""
    index = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = index < count
    word = tl.load(words + index, mask=mask, other=0).to(tl.uint32, bitcast=True)
    tl.store(out + index, values(word, p0, p1, p2, p3, p4, p5, p6, p7, LAW), mask=mask)
