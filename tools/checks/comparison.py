"""Compares the tensors of a file with the laws that winit-registry gives them.

Constants are compared element by element, tied tensors with the tensor that they name, and functions of the
coordinates and norms of another tensor within a tolerance of a few units of binary32. Of random laws the mean, the
standard deviation and, where there are enough elements, the fourth moment must be within a number of standard errors,
and no element may be outside the bounds. Small tensors of one law are pooled too. A random law must not meet constant
data, a constant row, exact zeros, or a tensor equal to another one.
"""

from __future__ import annotations

import json
import math
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open

from .expressions import distribution, table

SMALL = 1000  # tensors with fewer elements are pooled
FEW = 200  # with fewer elements the standard deviation is not distributed normally enough for a test
MANY = 20000  # with as many elements or more the fourth moment is tested too
FAR = 8.0  # the law itself never reaches a cut that is this many standard deviations out
CHUNK = 1 << 22

Array = NDArray[Any]
JSONObject = dict[str, Any]


class Problem(Exception):
    """The command's answer cannot be read."""


def density(x: float) -> float:
    """The standard normal density."""
    return 0.0 if math.isinf(x) else math.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)


def cdf(x: float) -> float:
    """The standard normal distribution function."""
    return 0.5 * math.erfc(-x / math.sqrt(2))


def truncated_moments(alpha: float, beta: float) -> tuple[float, float, float, float]:
    """E[x], and E[(x - E[x])^k] for k = 2, 4, 8, of the standard normal distribution cut at alpha and beta."""
    z = cdf(beta) - cdf(alpha)

    def edge(x: float, k: int) -> float:
        return 0.0 if math.isinf(x) else float(x ** (k - 1)) * density(x)

    raw = [1.0]
    for k in range(1, 9):
        raw.append(((k - 1) * raw[k - 2] if k > 1 else 0.0) - (edge(beta, k) - edge(alpha, k)) / z)
    m = raw[1]

    def central(n: int) -> float:
        return float(sum(math.comb(n, k) * raw[k] * (-m) ** (n - k) for k in range(n + 1)))

    return m, central(2), central(4), central(8)


class RandomLaw:
    """A random law: mean, standard deviation, standardized fourth and eighth moment, and bounds."""

    def __init__(self, law: JSONObject) -> None:
        kind = law["law"]
        self.low, self.high = -math.inf, math.inf
        self.far: list[float] = law.get("far", [])
        if kind == "normal":
            self.mean, self.sd, self.m4, self.m8 = float(law.get("mean", 0)), float(law["std"]), 3.0, 105.0
        elif kind == "uniform":
            self.low, self.high = float(law["low"]), float(law["high"])
            self.mean, self.sd = (self.low + self.high) / 2, (self.high - self.low) / math.sqrt(12)
            self.m4, self.m8 = 1.8, 9.0
            if "half" in law and not math.isclose(law["half"], (self.high - self.low) / 2, rel_tol=1e-6):
                raise Problem(f"uniform: half {law['half']} and bounds {self.low}, {self.high} disagree")
        elif kind == "truncated_normal":
            # Mean and standard deviation are those before the cut. The cuts count standard deviations, and alpha and
            # beta are the distribution function there.
            alpha, beta, mu, sigma = (float(law[key]) for key in ("low", "high", "mean", "std"))
            for key, cut in (("alpha", alpha), ("beta", beta)):
                if not math.isclose(law[key], cdf(cut), rel_tol=1e-9):
                    raise Problem(f"truncated_normal: {key} {law[key]} is not that of the cut {cut}")
            self.low, self.high = mu + alpha * sigma, mu + beta * sigma
            shift, m2, m4, m8 = truncated_moments(alpha, beta)
            self.mean, self.sd, self.m4, self.m8 = mu + sigma * shift, sigma * math.sqrt(m2), m4 / m2**2, m8 / m2**4
        elif kind == "expression":
            found, self.low, self.high = distribution(law)
            self.mean, self.sd = float(found.mean()), float(found.std())
            z = (found - self.mean) / (self.sd or 1)
            self.m4, self.m8 = float((z**4).mean()), float((z**8).mean())
        else:
            raise Problem(f"unknown law {kind}")
        if not self.sd > 0:
            raise Problem(f"{kind}: standard deviation {self.sd}")
        self.key = json.dumps(law, sort_keys=True)
        self.shape_key = f"{self.m4:.6f} {self.m8:.4f}"  # the same for laws that differ only in mean and scale


class Sums:
    """Sums of powers of standardized values. They can be merged, so that tensors can be pooled."""

    def __init__(self, law: RandomLaw) -> None:
        self.law, self.n, self.s1, self.s2, self.s4 = law, 0, 0.0, 0.0, 0.0

    def add(self, flat: Array) -> Sums:
        for i in range(0, flat.size, CHUNK):
            z = (flat[i : i + CHUNK].astype(np.float64) - self.law.mean) / self.law.sd
            q = z * z
            self.n, self.s1, self.s2 = self.n + z.size, self.s1 + float(z.sum()), self.s2 + float(q.sum())
            self.s4 += float(np.dot(q, q))
        return self

    def merge(self, other: Sums) -> None:
        self.n, self.s1 = self.n + other.n, self.s1 + other.s1
        self.s2, self.s4 = self.s2 + other.s2, self.s4 + other.s4

    def faults(self, sigma: float) -> list[str]:
        """Describes the deviations of more than `sigma` standard errors."""
        n, law, found = self.n, self.law, []
        z = self.s1 / n * math.sqrt(n)
        if not abs(z) <= sigma:
            found.append(
                f"mean off by {z:.1f} standard errors (law {law.mean:.6g}, data "
                f"{law.mean + law.sd * self.s1 / n:.6g}, {n} elements)"
            )
        if n >= FEW:
            z = (math.sqrt(self.s2 / n) - 1) / math.sqrt((law.m4 - 1) / (4 * n))
            if not abs(z) <= sigma:
                found.append(
                    f"standard deviation off by {z:.1f} standard errors (law {law.sd:.6g}, data "
                    f"{law.sd * math.sqrt(self.s2 / n):.6g}, {n} elements)"
                )
        if n >= MANY:
            z = (self.s4 / n - law.m4) / math.sqrt((law.m8 - law.m4**2) / n)
            if not abs(z) <= sigma:
                found.append(
                    f"fourth moment off by {z:.1f} standard errors (law {law.m4:.4f}, data "
                    f"{self.s4 / n:.4f}, {n} elements)"
                )
        return found


SPELLINGS = {
    "float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16", "int64": "I64", "int32": "I32",
    "int16": "I16", "int8": "I8", "uint8": "U8", "double": "F64", "float": "F32", "half": "F16",
}  # fmt: skip


def dtype_name(text: str) -> str:
    """The name of a dtype in a .safetensors file."""
    text = text.split(".")[-1]
    return SPELLINGS.get(text.lower(), text.upper())


Pools = dict[str, tuple[list[str], Sums]]
"""Sums of several tensors, and the names of these tensors."""


class Comparison:
    """Compares all tensors of one file with the laws of one answer of `show --json`."""

    def __init__(self, path: str, answer: JSONObject, sigma: float) -> None:
        self.file, self.sigma = safe_open(path, "np"), sigma
        self.faults: list[str] = []
        self.pools: Pools = {}
        self.shape_pools: Pools = {}
        self.kinds: dict[str, int] = {}
        self.seen: dict[tuple[tuple[int, ...], int], str] = {}
        self.clamped = 0
        names = set(self.file.keys())
        laws: dict[str, JSONObject] = {}
        for entry in answer["tensors"]:
            if entry["name"] in laws:
                self.fault(entry["name"], "listed twice")
            laws[entry["name"]] = entry
        for name in sorted(names - set(laws)):
            self.fault(name, "missing from the answer")
        for name in sorted(set(laws) - names):
            self.fault(name, "in the answer, not in the state dict")
        for name in sorted(names & set(laws)):
            try:
                self.tensor(name, laws[name])
            except (Problem, KeyError, TypeError, ValueError) as error:
                self.fault(name, f"{type(error).__name__}: {error}")
        for pools, what in ((self.pools, "tensors of one law"), (self.shape_pools, "small tensors, standardized")):
            for members, sums in pools.values():
                if len(members) > 1:
                    for found in sums.faults(sigma):
                        self.fault(members[0], f"pooled ({len(members)} {what}): {found}")
        self.count = len(names)

    def fault(self, name: str, text: str) -> None:
        self.faults.append(f"{name}: {text}")

    def data(self, name: str) -> Array:
        array: Array = self.file.get_tensor(name)
        return array

    def tensor(self, name: str, entry: JSONObject) -> None:
        """Compares one tensor with its entry in the answer."""
        part = self.file.get_slice(name)
        shape, dtype = list(part.get_shape()), dtype_name(part.get_dtype())
        if list(entry["shape"]) != shape:
            self.fault(name, f"shape {entry['shape']}, in the state dict {shape}")
        if dtype_name(entry["dtype"]) != dtype:
            self.fault(name, f"dtype {entry['dtype']}, in the state dict {dtype}")
        law = entry["law"]
        init = entry.get("init", {})
        if init.get("scheme") == "torch.trunc_normal" and law["law"] == "normal":
            # The cuts of this scheme are so far out that they cut nothing.
            law = {**law, "far": [init.get("a", -2), init.get("b", 2)]}
        kind = law["law"]
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        if kind == "literal":
            return
        data = self.data(name)
        if kind == "same_as":
            self.same_as(name, law, data)
        elif kind == "orthogonal":
            self.orthogonal(name, law, data)
        elif kind == "parts":
            self.parts(name, law, data)
        elif kind == "norm_of":
            self.norm_of(name, law, data)
        elif kind == "expression" and "draw" not in law:
            self.function(name, law, data, np.ones(data.shape, bool))
        else:
            if kind != "constant":
                self.rows(name, data, [])
                twin = self.seen.setdefault((data.shape, zlib.crc32(data.tobytes())), name)
                if twin != name and data.size > 1 and np.array_equal(data, self.data(twin)):
                    self.fault(name, f"equal to {twin}, to which its law does not tie it")
            self.region(name, law, data.reshape(-1))

    def same_as(self, name: str, law: JSONObject, data: Array) -> None:
        if law["name"] == name or law["name"] not in self.file.keys():  # noqa: SIM118
            self.fault(name, f"same_as {law['name']}, which is no other tensor of the state dict")
        elif not np.array_equal(data, self.data(law["name"])):
            self.fault(name, f"differs from {law['name']}, to which the law ties it")

    def norm_of(self, name: str, law: JSONObject, data: Array) -> None:
        """Compares a tensor with the norms of another one, which a library computes in binary32."""
        if law["name"] not in self.file.keys():  # noqa: SIM118
            self.fault(name, f"the norm of {law['name']}, which is no tensor of the state dict")
            return
        squares = self.data(law["name"]).astype(np.float64) ** 2
        expected = np.sqrt(squares.sum(axis=tuple(law["axes"]))).reshape(data.shape)
        # A library adds the squares in binary32.
        error = 2.0**-24 * (8 + math.sqrt(squares.size / max(1, expected.size)))
        self.near(name, data, expected, float(expected.max(initial=0)) * error, f"the norm of {law['name']}")

    def function(self, name: str, law: JSONObject, data: Array, owned: Array) -> None:
        """Compares elements of a tensor or a box with a function of their coordinates."""
        expected, tolerance = table(law, data.shape)
        self.near(name, data[owned], expected[owned], tolerance, f"the expression {json.dumps(law['tree'])[:80]}")

    def near(self, name: str, data: Array, expected: Array, tolerance: float, what: str) -> None:
        far = np.abs(data.astype(np.float64) - expected)
        if not float(far.max(initial=0)) <= tolerance:
            self.fault(name, f"up to {far.max():.3g} from {what}, more than {tolerance:.3g}")

    def orthogonal(self, name: str, law: JSONObject, data: Array) -> None:
        if law.get("batch"):
            raise Problem("orthogonal with a batch is not compared")
        matrix = data.reshape(int(law["rows"]), -1).astype(np.float64)
        gram = matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix
        if np.abs(gram - law["gain"] ** 2 * np.eye(len(gram))).max() > 1e-4 * law["gain"] ** 2:
            self.fault(name, f"not orthogonal as {matrix.shape[0]} rows with gain {law['gain']}")

    def parts(self, name: str, law: JSONObject, data: Array) -> None:
        shape = list(data.shape)
        owner = np.zeros(data.shape, np.int16)
        for i, p in enumerate(law["parts"]):
            box = tuple(slice(int(a), int(b)) for a, b in p["box"])
            if len(box) > data.ndim or any(
                not 0 <= int(a) <= int(b) <= n for (a, b), n in zip(p["box"], shape, strict=False)
            ):
                self.fault(name, f"box {p['box']} outside shape {shape}")
            owner[box] = i
        inner = [[slice(int(a), int(b)) for a, b in p["box"]] for p in law["parts"][1:]]
        self.rows(name, data, [b[0] for b in inner if b])
        if law["parts"][0]["box"] not in ([], [[0, n] for n in shape]):
            self.fault(name, f"base box {law['parts'][0]['box']} is not the whole tensor {shape}")
        for i, p in enumerate(law["parts"]):
            box = tuple(slice(int(a), int(b)) for a, b in p["box"])
            if p["law"]["law"] == "expression" and "draw" not in p["law"]:
                self.function(f"{name} part {i}", p["law"], data[box], owner[box] == i)
            else:
                self.region(f"{name} part {i}", p["law"], data[owner == i])

    def rows(self, name: str, data: Array, boxes: list[slice]) -> None:
        """Under a random law no row outside the boxes may be constant, as the row of a padding index is."""
        if data.ndim < 2 or data[0].size < 2 or not np.issubdtype(data.dtype, np.floating):
            return
        flat = data.reshape(data.shape[0], -1)
        constant = flat.min(axis=1) == flat.max(axis=1)
        for box in boxes:
            constant[box] = False
        if constant.any():
            self.fault(name, f"row {int(np.argmax(constant))} is constant under a law that is not")

    def region(self, name: str, law: JSONObject, flat: Array) -> None:
        """Compares elements with the one law that they all have."""
        if flat.size == 0:
            self.fault(name, "no elements under this law")
            return
        if law["law"] == "constant":
            value = np.asarray(law["value"]).astype(flat.dtype)
            different = int(np.count_nonzero(flat != value))
            if different:
                self.fault(
                    name,
                    f"{different} of {flat.size} elements differ from the constant {law['value']} "
                    f"(data in [{flat.min():.6g}, {flat.max():.6g}])",
                )
            return
        rule = RandomLaw(law)
        low, high = float(flat.min()), float(flat.max())
        if not (math.isfinite(low) and math.isfinite(high)):
            self.fault(name, "not finite")
            return
        if flat.size > 1 and low == high:
            self.fault(name, f"constant data ({low:.6g}) under a law that is not ({law['law']})")
            return
        if low < rule.low - slack(rule.low) or high > rule.high + slack(rule.high):
            self.fault(name, f"data in [{low:.6g}, {high:.6g}] outside [{rule.low:.6g}, {rule.high:.6g}]")
        if rule.far:
            flat = self.without_clamped(name, rule, flat)
        zeros = int(np.count_nonzero(flat == 0))
        if zeros > 2 + 8 * flat.size / 2**24:  # a draw is exactly zero about once in 2^24
            self.fault(name, f"{zeros} of {flat.size} elements are exactly zero")
        sums = Sums(rule).add(flat)
        for found in sums.faults(self.sigma):
            self.fault(name, found)
        if flat.size < SMALL:
            pool(self.pools, rule.key, name, sums)
            pool(self.shape_pools, rule.shape_key, name, sums)
        elif flat.size < 4 * MANY:  # too few for the fourth moment to tell much, so they are pooled too
            pool(self.pools, rule.key, name, sums)

    def without_clamped(self, name: str, rule: RandomLaw, flat: Array) -> Array:
        """Removes and counts the elements that lie exactly at a far cut.

        timm.layers.trunc_normal_ inverts the distribution function of a float32 uniform, which is exactly -1 once in
        2^24 draws. erfinv then gives -inf, which is clamped to the cut: -2, or 100 standard deviations at std 0.02. The
        law has no such elements. More of them than that rate explains are a fault.
        """
        keep = np.ones(flat.shape, bool)
        for bound in rule.far:
            keep &= flat != np.asarray(bound).astype(flat.dtype)
        clamped = int(flat.size - np.count_nonzero(keep))
        if not clamped:
            return flat
        self.clamped += clamped
        if clamped > 2 + 8 * flat.size / 2**24:
            self.fault(
                name,
                f"{clamped} of {flat.size} elements lie exactly at a cut more than {FAR:g} standard deviations out",
            )
        kept: Array = flat[keep]
        return kept


def slack(bound: float) -> float:
    """What rounding a bound to binary32 may move it by."""
    return 0.0 if math.isinf(bound) else abs(bound) * 2.0**-22


def pool(pools: Pools, key: str, name: str, sums: Sums) -> None:
    names, pooled = pools.setdefault(key, ([], Sums(sums.law)))
    names.append(name)
    pooled.merge(sums)
