"""The likely causes of a difference, each tested on a sample of elements.

Any element of most recipes can be made alone, so a test costs a few dozen elements. A cause is named only if every
element of the sample fits it. The causes and their words are those of the command's `verify --against`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from .. import reference
from ..quoting import quoted
from ..recipes import Recipe, TensorRecipe
from ..recipes.dtypes import BITS, FLOATING_LIMITS
from .elements import Difference
from .sample import Sample
from .words import words_of

LIMIT = 100
"""How many findings are explained at most. Each may test every tensor of the run."""

_COMMON_SEEDS = (*range(1025), 1234, 1337, *range(2020, 2027), 3407, 12345, 123_456)
_PREFIXES = 64
"""How many prefixes of names are tried."""

_SLOW_TESTS = 20_000
"""How many elements of laws that are not elementwise are made in search of a seed, for all findings together."""


class Causes:
    """Tests the usual causes of a difference."""

    def __init__(self, recipe: Recipe, seeds: Iterable[int] = (), were: str = "the weights were") -> None:
        """Prepares the tests.

        Args:
            recipe: The recipe of the run.
            seeds: Seeds that are tried first, such as those of the runs of a registry.
            were: What is compared, with its verb, for the words of a cause.
        """
        self._were = were
        self._tensors = [direct(tensor) for tensor in recipe.values()]
        self._seeds = list(dict.fromkeys([*seeds, *_COMMON_SEEDS]))
        self._slow_tests = _SLOW_TESTS

    def of_dtype(self, tensor: TensorRecipe, sample: Sample | None) -> str | None:
        """Explains another dtype: the values of the run, converted."""
        if sample is None or not {tensor.dtype, sample.dtype} <= FLOATING_LIMITS.keys():
            return None
        tensor = direct(tensor)
        as_found = replace(tensor, dtype=sample.dtype, digest=None)
        if sample.fits(as_found) or sample.fits(tensor, through=tensor.dtype):
            return f"the same initialization saved as {sample.dtype}"
        return None

    def of_shape(self, tensor: TensorRecipe, sample: Sample | None) -> str | None:
        """Explains another shape: the transpose."""
        if sample is not None and sample.dtype == tensor.dtype and sample.fits_transposed(direct(tensor)):
            return "transposed"
        return None

    def of_values(self, tensor: TensorRecipe, sample: Sample | None, difference: Difference) -> str | None:
        """Explains other values of the same shape and dtype."""
        if difference.count == 1 and bin(difference.expected ^ difference.found).count("1") == 1:
            return f"one flipped bit: {self._were} damaged"
        if sample is None:
            return None
        tensor = direct(tensor)
        if sample.fits(tensor):  # the sample shows no difference, so it cannot tell a cause
            return self._few(tensor, difference)
        if sample.is_constant and tensor.is_random:
            return f"every element sampled is {sample.first_text}; the tensor was filled with a constant"
        if sample.fits_transposed(tensor):
            return "transposed"
        for narrow in ("bfloat16", "float16", "float32"):
            is_narrower = tensor.dtype in FLOATING_LIMITS and BITS[narrow] < BITS[tensor.dtype]
            if is_narrower and sample.fits(tensor, through=narrow):
                return f"the same initialization, rounded to {narrow} on the way"
        cause = self._other_seed(tensor, sample) or self._other_tensor(tensor, sample)
        if cause is None and sample.is_constant:
            cause = f"every element sampled is {sample.first_text}; the tensor was filled with a constant"
        return cause or self._few(tensor, difference)

    def _few(self, tensor: TensorRecipe, difference: Difference) -> str | None:
        """Explains a few elements that differ."""
        if difference.count * 100 < tensor.count:
            return f"most elements match: {self._were} damaged, or trained for a few steps"
        return None

    def _other_seed(self, tensor: TensorRecipe, sample: Sample) -> str | None:
        if not sample.can_identify(tensor):
            return None
        for seed in self._first_fits(tensor, sample, self._seeds, [tensor.stream]):
            if seed[0] != tensor.seed and sample.fits(with_seed(tensor, seed[0])):
                self._seeds.remove(seed[0])
                self._seeds.insert(0, seed[0])  # of the other tensors it is the first guess
                return f"the values of seed {seed[0]}"
        return None

    def _other_tensor(self, tensor: TensorRecipe, sample: Sample) -> str | None:
        others = [other for other in self._tensors if other.name != tensor.name]
        for other in others:
            if other.dtype == tensor.dtype and other.count == tensor.count and sample.fits(other):
                return f"the values of tensor {quoted(other.name)}"
        if not sample.can_identify(tensor):
            return None
        names = {other.stream: other.name for other in reversed(others)}
        for _, stream in self._first_fits(tensor, sample, [tensor.seed], list(names)):
            if stream != tensor.stream and sample.fits(replace(tensor, stream=stream, digest=None)):
                return f"the values this tensor would have under the name {quoted(names[stream])}"
        return None

    def _first_fits(
        self, tensor: TensorRecipe, sample: Sample, seeds: list[int], streams: list[int]
    ) -> list[tuple[int, int]]:
        """Returns the seeds and streams that give the first element of the sample."""
        pairs = [(seed, stream) for seed in seeds for stream in streams]
        law = tensor.law
        if law["law"] in ("uniform", "normal", "truncated_normal"):
            words = words_of(pairs)
            data = reference.float_bytes(reference.law_values(law, words), tensor.dtype)  # type: ignore[arg-type]
            found = np.frombuffer(data, f"<u{BITS[tensor.dtype] // 8}") == sample.first
            return [pair for pair, fits in zip(pairs, found, strict=True) if fits]
        # Each sample of another law costs a fill, so the findings share a budget of fills.
        pairs = pairs[: max(self._slow_tests, 0)]
        self._slow_tests -= len(pairs)
        return [
            pair
            for pair in pairs
            if sample.fits_first(replace(with_seed(tensor, pair[0]), stream=pair[1], digest=None))
        ]


def direct(tensor: TensorRecipe) -> TensorRecipe:
    """Returns a tied tensor as one of its own, with the law of its target; any other tensor as it is."""
    tensor = tensor.plain()
    return tensor if tensor.tied_to is None or tensor.source is None else replace(tensor.source, name=tensor.name)


def with_seed(tensor: TensorRecipe, seed: int) -> TensorRecipe:
    """Returns a recipe with another seed; the tensor whose norm is taken gets the seed as well."""
    source = None if tensor.source is None else with_seed(tensor.source, seed)
    return replace(tensor, seed=seed, digest=None, source=source)


def prefix_cause(unexpected: list[str], expected: list[str], weights: str, run: str) -> str | None:
    """Returns the prefix by which unexpected names differ from names of a run, as a likely cause.

    Most of the names must differ by the prefix alone; others, such as a tied head, need not be in the run.
    """
    known = set(expected)
    tried = set[tuple[str, str]]()
    for name in unexpected[:8]:
        for tensor in expected:
            if len(tried) > _PREFIXES:
                return None
            if name.endswith(tensor) and name != tensor:
                prefix = name[: len(name) - len(tensor)]
                if ("weights", prefix) not in tried:
                    tried.add(("weights", prefix))
                    fits = sum(other.startswith(prefix) and other[len(prefix) :] in known for other in unexpected)
                    if 2 * fits > len(unexpected) and all(other.startswith(prefix) for other in unexpected):
                        return (
                            f"the names of {weights} begin with {quoted(prefix)}, and those of {run} do not; "
                            f"rename=lambda name: name.removeprefix({prefix!r}) compares them"
                        )
            if tensor.endswith(name) and name != tensor:
                prefix = tensor[: len(tensor) - len(name)]
                if ("run", prefix) not in tried:
                    tried.add(("run", prefix))
                    if 2 * sum(prefix + other in known for other in unexpected) > len(unexpected):
                        return (
                            f"the names of {run} begin with {quoted(prefix)}, and those of {weights} do not; "
                            f"rename=lambda name: {prefix!r} + name compares them"
                        )
    return None
