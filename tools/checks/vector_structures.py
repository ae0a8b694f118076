"""The vectors of the laws in which the place decides, and of boxes: `structures.txt`."""

from __future__ import annotations

from collections.abc import Iterator

from winit import reference
from winit.reference import Law, Part, Tensor, WholeLaw

from .vector_cases import Case
from .vector_text import MADE, json_lines

SEED = 7
ROOT_2 = 2**0.5


def case(name: str, shape: tuple[int, ...], law: Law, dtype: str = "float32", stream: int | None = None) -> Case:
    return Case(SEED, Tensor(name, dtype, shape, law, stream))


def orthogonal(rows: int, gain: float = 1.0, batch: list[int] | None = None) -> WholeLaw:
    if batch is None:
        return {"law": "orthogonal", "gain": gain, "rows": rows}
    return {"law": "orthogonal", "gain": gain, "rows": rows, "batch": batch}


def literal_bytes(name: str, count: int) -> bytes:
    """Bytes that follow from the words of the stream of `name`."""
    return reference.words(12, reference.name_stream(name), 0, -(-count // 4)).astype("<u4").tobytes()[:count]


def floats_of(name: str, count: int, dtype: str) -> bytes:
    return reference.canonical_bytes(SEED, Tensor(name, dtype, (count,), reference.normal(std=2.0)))


def norms() -> Iterator[Case]:
    """Of random and given tensors, over one and several axes, with these kept and left out."""

    def norm(name: str, source: Tensor, axes: list[int], shape: tuple[int, ...], dtype: str = "float32") -> Case:
        law: Law = {"law": "norm_of", "axes": axes, "name": source.name}
        return Case(SEED, Tensor(name, dtype, shape, law, source=source))

    v = Tensor("v", "float32", (6, 3, 5), reference.normal(std=0.5))
    yield norm("g", v, [1, 2], (6,))
    yield norm("g", v, [1, 2], (6, 1, 1))
    yield norm("g", v, [0], (3, 5))
    yield norm("g", v, [0], (1, 3, 5))
    yield norm("g", v, [1], (6, 1, 5))
    yield norm("g", v, [0, 2], (3,))
    yield norm("g", v, [0, 1, 2], ())
    yield norm("g", v, [0, 1, 2], (1, 1, 1))
    for dtype in reference.FLOAT_SIZES:
        source = Tensor("v", dtype, (4, 33), reference.uniform(-0.5, 0.5))
        yield norm("g", source, [1], (4, 1), dtype)
        yield norm("g", source, [0], (33,), "float32")
    given = Tensor("given", "float32", (3, 9), {"law": "literal"}, literals=(floats_of("given", 27, "float32"),))
    yield norm("g", given, [1], (3, 1))
    half = Tensor("given", "bfloat16", (2, 2, 17), {"law": "literal"}, literals=(floats_of("half", 68, "bfloat16"),))
    yield norm("g", half, [0, 2], (1, 2, 1))
    tied = Tensor("tied", "float32", (6, 3, 5), {"law": "same_as", "name": "v"}, reference.name_stream("v"), source=v)
    yield norm("g", tied, [1, 2], (6,))
    yield norm("g", Tensor("e", "float32", (40,), reference.expression(["log", ["+", 1, ["index", 0]]])), [0], (1,))
    yield norm("g", Tensor("m", "float32", (9, 7), orthogonal(9, ROOT_2)), [0], (1, 7))
    yield norm("g", Tensor("own", "float32", (5, 8), reference.normal(), seed=11), [1], (5, 1))
    first = Tensor("first", "float32", (6, 3), {"law": "norm_of", "axes": [2], "name": "v"}, source=v)
    yield norm("second", first, [1], (6,))
    yield norm("g", Tensor("zero", "float32", (2, 3), reference.constant(0.0)), [1], (2,))
    yield norm("g", Tensor("none", "float32", (2, 0), reference.normal()), [1], (2, 1))
    yield norm("g", Tensor("long", "float32", (3, 70000), reference.normal()), [1], (3,))
    yield norm("g", Tensor("across", "float32", (3000, 3), reference.normal()), [0], (1, 3))


def matrices() -> Iterator[Case]:
    """Orthogonal matrices of several blocks of reflections."""
    yield case("tall", (330, 270), orthogonal(330))
    yield case("wide", (150, 280), orthogonal(150, ROOT_2))
    yield case("square", (193, 193), orthogonal(193))
    yield case("very.wide", (2, 65552), orthogonal(2))


def vectors() -> Iterator[Case]:
    """Orthogonal of rank 1."""
    for gain in (1.0, ROOT_2):
        yield case("u", (257,), orthogonal(1, gain))
    for count in (1, 2, 7, 8, 9, 64, 65):
        yield case("u", (count,), orthogonal(1))
    for dtype in reference.FLOAT_SIZES:
        yield case("u", (33,), orthogonal(1, 3.0), dtype)
    yield case("a.matrix.of.one.row", (1, 257), orthogonal(1))
    yield case("u", (0,), orthogonal(1))


def batches() -> Iterator[Case]:
    """Each law of a whole tensor with batches on the first, the middle, the last and on two axes."""
    yield case("wide", (3, 5, 9), orthogonal(5, batch=[0]))
    yield case("tall", (3, 9, 5), orthogonal(9, ROOT_2, batch=[0]))
    yield case("middle", (9, 3, 5), orthogonal(9, batch=[1]))
    yield case("last", (5, 9, 3), orthogonal(5, batch=[2]))
    yield case("two", (2, 7, 3, 5), orthogonal(7, batch=[0, 2]))
    yield case("two.first", (2, 3, 7, 5), orthogonal(7, batch=[0, 1]))
    yield case("two.last", (6, 4, 2, 3), orthogonal(6, batch=[2, 3]))
    yield case("kernel", (2, 6, 2, 3, 3), orthogonal(6, batch=[0]))
    yield case("blocks", (2, 70, 130), orthogonal(70, batch=[0]))
    yield case("one", (1, 4, 4), orthogonal(4, batch=[0]))
    yield case("vectors", (4, 33), orthogonal(1, batch=[0]))
    yield case("vectors.last", (33, 4), orthogonal(1, batch=[1]))
    yield case("heads.bfloat16", (4, 8, 16), orthogonal(8, batch=[0]), "bfloat16")
    yield case("stream", (3, 5, 9), orthogonal(5, batch=[0]), stream=99)
    yield case("eyes", (3, 4, 5), {"law": "eye", "value": 0.5, "batch": [0]})
    yield case("eyes.middle", (4, 3, 5), {"law": "eye", "value": 1, "batch": [1]})
    yield case("eyes.last", (4, 5, 3), {"law": "eye", "value": 1, "batch": [2]})
    yield case("sparse", (3, 11, 6), {"law": "sparse", "std": 0.5, "zeros": 4, "batch": [0]})
    yield case("sparse.middle", (11, 3, 6), {"law": "sparse", "std": 0.5, "zeros": 4, "batch": [1]})
    yield case("sparse.last", (11, 6, 3), {"law": "sparse", "std": 0.5, "zeros": 4, "batch": [2]})
    yield case("sparse.two", (2, 11, 3, 5), {"law": "sparse", "std": 0.5, "zeros": 4, "batch": [0, 2]})
    yield case("diracs", (2, 4, 2, 3, 3), {"law": "dirac", "groups": 2, "batch": [0]})
    yield case("diracs.last", (4, 4, 3, 2), {"law": "dirac", "groups": 1, "batch": [3]})
    yield case("deltas", (2, 3, 3, 4, 6), {"law": "delta_orthogonal", "gain": 1, "batch": [0]})
    yield case("deltas.last", (3, 4, 6, 2), {"law": "delta_orthogonal", "gain": 1, "batch": [3]})
    yield case("deltas.torch", (2, 6, 4, 3), {"law": "delta_orthogonal", "gain": 1, "layout": "torch", "batch": [0]})
    yield case("diracs.keras", (2, 3, 2, 4), {"law": "dirac", "groups": 1, "layout": "keras", "batch": [0]})


def layouts() -> Iterator[Case]:
    """delta_orthogonal and dirac in both layouts, with even and odd kernels."""
    for spatial in ((3,), (4,), (2, 3), (3, 4, 5)):
        for inputs, outputs in ((4, 6), (5, 5), (1, 3)):
            torch, keras = (outputs, inputs, *spatial), (*spatial, inputs, outputs)
            yield case("delta.torch", torch, {"law": "delta_orthogonal", "gain": ROOT_2, "layout": "torch"})
            yield case("delta.keras", keras, {"law": "delta_orthogonal", "gain": ROOT_2})
        for inputs, outputs, groups in ((4, 6, 1), (2, 6, 3), (6, 4, 2)):
            torch, keras = (outputs, inputs, *spatial), (*spatial, inputs, outputs)
            yield case("dirac.torch", torch, {"law": "dirac", "groups": groups})
            yield case("dirac.keras", keras, {"law": "dirac", "groups": groups, "layout": "keras"})
    yield case("delta.torch.float16", (6, 4, 3), {"law": "delta_orthogonal", "gain": 1, "layout": "torch"}, "float16")


def boxed(
    name: str,
    shape: tuple[int, ...],
    box: list[list[int]],
    law: WholeLaw,
    dtype: str = "float32",
) -> Iterator[Case]:
    """The law in the box over a normal tensor, with the tensor's words and with a stream."""
    base: Part = {"box": [], "law": reference.normal(std=0.02)}
    yield case(name, shape, {"law": "parts", "parts": [base, {"box": box, "law": law}]}, dtype)
    yield case(
        f"{name}.stream", shape, {"law": "parts", "parts": [base, {"box": box, "law": law, "stream": "21"}]}, dtype
    )


def boxes() -> Iterator[Case]:
    """Laws of whole tensors in boxes: the box is the tensor, without its leading axes of length 1."""
    yield from boxed("rows", (12, 5), [[4, 9]], orthogonal(5))
    yield from boxed("columns", (6, 12), [[0, 6], [3, 12]], orthogonal(6, ROOT_2))
    yield from boxed("inner", (9, 12), [[2, 7], [4, 8]], orthogonal(5), "bfloat16")
    yield from boxed("expert", (4, 6, 9), [[1, 2]], orthogonal(6))
    yield from boxed("expert.half", (4, 6, 9), [[1, 2], [0, 3]], orthogonal(3))
    yield from boxed("experts", (4, 6, 9), [[1, 4]], orthogonal(6, batch=[0]))
    yield from boxed("experts.last", (4, 6, 9), [[1, 4], [2, 6]], orthogonal(3, batch=[2]))
    yield from boxed("deep", (2, 3, 5, 7), [[1, 2], [2, 3]], orthogonal(5))
    yield from boxed("deep.batch", (2, 3, 5, 7), [[1, 2], [0, 2]], orthogonal(5, batch=[0]))
    yield from boxed("kernel", (6, 3, 3, 3), [[0, 4]], orthogonal(4))
    yield from boxed("vector", (3, 33), [[1, 2]], orthogonal(1))
    yield from boxed("vector.part", (3, 33), [[1, 2], [3, 20]], orthogonal(1))
    yield from boxed("element", (3, 4), [[1, 2], [2, 3]], orthogonal(1, 3.0))
    yield from boxed("column", (5, 4), [[0, 5], [1, 2]], orthogonal(5))
    yield from boxed("whole", (5, 4), [], orthogonal(5))
    yield from boxed("whole.one", (1, 5, 4), [], orthogonal(5))
    yield from boxed("eye", (8, 4), [[4, 8]], {"law": "eye", "value": 1})
    yield from boxed("eye.inner", (5, 9), [[1, 4], [2, 8]], {"law": "eye", "value": 0.25}, "float16")
    yield from boxed("eye.expert", (3, 4, 5), [[2, 3]], {"law": "eye", "value": 1})
    yield from boxed("eyes", (3, 4, 5), [[0, 2]], {"law": "eye", "value": 1, "batch": [0]})
    yield from boxed("sparse", (13, 6), [[2, 13]], {"law": "sparse", "std": 0.5, "zeros": 3})
    yield from boxed("sparse.inner", (13, 6), [[2, 12], [1, 5]], {"law": "sparse", "std": 0.5, "zeros": 3})
    yield from boxed("sparse.expert", (2, 11, 6), [[1, 2]], {"law": "sparse", "std": 0.5, "zeros": 3})
    yield from boxed("sparse.experts", (4, 11, 6), [[1, 3]], {"law": "sparse", "std": 0.5, "zeros": 3, "batch": [0]})
    yield from boxed("dirac", (8, 3, 3), [[2, 6]], {"law": "dirac", "groups": 1})
    yield from boxed("dirac.expert", (2, 4, 2, 3), [[1, 2]], {"law": "dirac", "groups": 2})
    yield from boxed("dirac.keras", (2, 3, 4, 6), [[1, 2]], {"law": "dirac", "groups": 1, "layout": "keras"})
    yield from boxed("delta", (2, 3, 4, 6), [[1, 2]], {"law": "delta_orthogonal", "gain": 1})
    yield from boxed("delta.torch", (9, 4, 3), [[3, 9]], {"law": "delta_orthogonal", "gain": 1, "layout": "torch"})


def repeated_streams() -> Iterator[Case]:
    """Parts that share a stream: repeated and mirrored boxes."""
    kernel = reference.normal(std=0.1)
    repeated: list[Part] = [{"box": [[3 * k, 3 * k + 3]], "law": kernel, "stream": "5"} for k in range(4)]
    whole: Part = {"box": [], "law": reference.constant(0.0)}
    yield case("icnr", (12, 2, 3, 3), {"law": "parts", "parts": [whole, *repeated]})
    upper: Part = {"box": [[0, 4]], "law": reference.normal(), "stream": "6"}
    lower: Part = {"box": [[4, 8]], "law": reference.normal(std=-1.0), "stream": "6"}
    yield case("mirrored", (8, 4), {"law": "parts", "parts": [whole, upper, lower]})


def literals() -> Iterator[Case]:
    """Literals in boxes, of each dtype that has other laws too, and of those that have not."""
    whole: Part = {"box": [], "law": reference.normal(std=0.02)}
    rows: Part = {"box": [[1, 3]], "law": {"law": "literal"}}
    inner: Part = {"box": [[3, 5], [2, 4]], "law": {"law": "literal"}}
    over: Part = {"box": [[2, 3], [0, 1]], "law": reference.constant(7.0)}
    for dtype in reference.FLOAT_SIZES:
        size = reference.item_size(dtype)
        pair = (literal_bytes("rows", 10 * size), literal_bytes("inner", 4 * size))
        law: Law = {"law": "parts", "parts": [whole, rows, inner, over]}
        yield Case(SEED, Tensor("grown", dtype, (6, 5), law, literals=pair))
    zero: Part = {"box": [], "law": reference.constant(0)}
    for dtype in (*reference.INTEGER_TYPES, "bool"):
        size = reference.item_size(dtype)
        data = (b"\1\0\1" if dtype == "bool" else literal_bytes(dtype, 3 * size),)
        law = {"law": "parts", "parts": [zero, {"box": [[1, 4]], "law": {"law": "literal"}}]}
        yield Case(SEED, Tensor("table", dtype, (5,), law, literals=data))
    for dtype in reference.LITERAL_BITS:
        data = (literal_bytes(dtype, reference.byte_count(dtype, 24)),)
        yield Case(SEED, Tensor("given", dtype, (4, 6), {"law": "literal"}, literals=data))


def signs_and_seeds() -> Iterator[Case]:
    """A negative std, and tensors with a seed of their own."""
    for dtype in reference.FLOAT_SIZES:
        yield case("normal", (9, 7), reference.normal(std=-0.5), dtype)
        yield case("truncated", (9, 7), reference.truncated_normal(mean=0.3, std=-0.5, low=-1.0, high=3.0), dtype)
    yield case("normal.mean", (9, 7), reference.normal(mean=0.25, std=-0.02))
    laws: dict[str, Law] = {
        "normal": reference.normal(),
        "orthogonal": orthogonal(6),
        "sparse": {"law": "sparse", "std": 1, "zeros": 2},
        "constant": reference.constant(1.0),
        "expression": reference.expression(["exp", "draw"], reference.normal()),
        "parts": {"law": "parts", "parts": [{"box": [], "law": reference.normal(), "stream": "4"}]},
    }
    for name, law in laws.items():
        yield Case(SEED, Tensor(f"own.{name}", "float32", (6, 5), law, seed=2**64 - 59))


def structures() -> bytes:
    groups = (norms, vectors, matrices, batches, layouts, boxes, repeated_streams, literals, signs_and_seeds)
    comments = [
        "Tensors of the laws in which the place decides, and of boxes: the digest of their canonical bytes.",
        "Each line is a JSON object: name; seed of the run; tensor_seed, the tensor's own, where it has one; dtype;",
        "shape; law as in a manifest; stream, where it is not the name's; digest; first, the first 16 canonical bytes",
        "or all of them if fewer, hex; literals, the bytes, hex, of the tensor or of its literal parts in their order;",
        "source, the tensor that norm_of or same_as names, with the same members.",
        MADE,
    ]
    return json_lines(comments, (one.row() for group in groups for one in group()))
