import Testing
import WinitCore

@Suite struct TensorTests {
  @Test
  func `the number of elements is the product of the dimensions: 1 for rank 0, and 0 if any dimension is 0`() throws {
    #expect(try Shape([]).elementCount == 1)
    #expect(try Shape([50257, 768]).elementCount == 38_597_376)
    #expect(try Shape([7, 0, 1 << 40]).elementCount == 0)
  }

  @Test func `a shape that is too large to address is refused, and so is a negative dimension`() {
    #expect(throws: ShapeError.negative(axis: 1, dim: -3)) { try Shape([2, -3]) }
    for dims in [
      [1 << 40, 1 << 40], [1 << 61],
      // A JSON number would not represent it exactly.
      [0, (1 << 53) + 1],
      [0, 1 << 40, 1 << 40],
    ] {
      #expect(throws: ShapeError.tooLarge(dims)) { try Shape(dims) }
    }
  }

  @Test func `coordinates are the inverse of the row-major index`() throws {
    let shape = try Shape([2, 3, 4])
    #expect(shape.coordinates(of: 0) == [0, 0, 0])
    #expect(shape.coordinates(of: 23) == [1, 2, 3])
    #expect(shape.coordinates(of: 17) == [1, 1, 1])
    #expect(try Shape([]).coordinates(of: 0) == [])
  }

  @Test func `names are equal if their bytes are, so that two spellings of é differ, and sort by their bytes`() {
    let composed = TensorName("\u{E9}"), decomposed = TensorName("e\u{301}")
    #expect(composed.string == decomposed.string)
    #expect(composed != decomposed)
    #expect(Set([composed, decomposed]).count == 2)
    #expect(decomposed < composed)
    #expect(TensorName("b.10") < TensorName("b.9"))
    #expect(TensorName("Z") < TensorName("a"))
    #expect(TensorName("\u{FFFD}") < TensorName("\u{10000}"))
  }

  @Test func `a name that a registry does not accept has a reason`() {
    #expect(TensorName("").problem != nil)
    #expect(TensorName("__metadata__").problem != nil)
    #expect(TensorName("a\0b").problem != nil)
    #expect(TensorName("h.0.w").problem == nil)
    #expect(TensorName("a\u{1B}[31m\n\u{202E}é").description == "a\\u{1B}[31m\\u{A}\\u{202E}é")
  }

  @Test(arguments: [
    ("float32", DType.float32), ("F32", .float32), ("BF16", .bfloat16), ("torch.float16", .float16),
    ("I64", .int64), ("bool", .bool), ("half", .float16), ("U8", .uint8),
  ])
  func `dtypes are read in the forms that libraries write`(text: String, dtype: DType) {
    #expect(DType(parsing: text) == dtype)
  }

  @Test(arguments: ["F8_E4M4", "float8", "complex128", "int4", ""])
  func `a dtype that is not supported is not read as another dtype`(text: String) {
    #expect(DType(parsing: text) == nil)
  }
}
