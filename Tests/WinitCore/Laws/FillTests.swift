import Synchronization
import Testing
import WinitCore
import WinitJSON
import WinitTestSupport

private func recipe(_ row: VectorRow) throws -> Recipe {
  let law = try #require(Law(json: JSONValue(parsing: row[4])))
  let dims = row[3] == "-" ? [] : row[3].split(separator: ",").compactMap { Int($0) }
  return try Recipe(
    seed: row.decimal(1), stream: TensorName(row.text(0)).stream, dtype: #require(DType(rawValue: row[2])),
    shape: Shape(dims), law: law)
}

private func chunkDigests(_ recipe: Recipe) -> DigestList {
  DigestList(
    (0..<recipe.chunkCount).map { Digest(of: recipe.bytes(recipe.chunk($0).elements(recipe.dtype))) })
}

@Suite struct FillTests {
  @Test("every law at every dtype gives the digest NumPy and hashlib give")
  func digests() throws {
    var seen: Set<String> = []
    for row in try VectorFile.rows("fills.txt") {
      let recipe = try recipe(row)
      seen.insert("\(recipe.law.name) \(recipe.dtype)")
      #expect(Digest(ofChunks: chunkDigests(recipe)).hex == row[5], "\(row)")
      if row[6] != "-" {
        let count = min(16 / recipe.dtype.byteCount, recipe.shape.elementCount)
        #expect(recipe.bytes(0..<count) == row.bytes(6), "\(row)")
      }
    }
    let random = ["uniform", "normal", "truncated_normal", "constant"]
    for law in random {
      for dtype in ["float64", "float32", "float16", "bfloat16"] { #expect(seen.contains("\(law) \(dtype)")) }
    }
    for dtype in ["int64", "int32", "uint8", "bool"] { #expect(seen.contains("constant \(dtype)")) }
  }

  @Test("streams are hashlib's, for names that look alike too")
  func streams() throws {
    for row in try VectorFile.rows("streams.txt") {
      #expect(TensorName(row.text(0)).stream == (try row.decimal(1)), "\(row)")
    }
  }

  @Test("any range is a piece of the whole", arguments: DType.allCases.filter(\.isFloatingPoint))
  func ranges(dtype: DType) throws {
    let recipe = try Recipe(
      seed: 9, stream: 3, dtype: dtype, shape: Shape([40]), law: .normal(mean: 0.5, std: 2))
    let whole = recipe.bytes(0..<40)
    for start in 0...40 {
      for stop in start...40 {
        let piece = Array(whole[start * dtype.byteCount..<stop * dtype.byteCount])
        #expect(recipe.bytes(start..<stop) == piece, "\(start)..<\(stop)")
      }
    }
  }

  @Test("a range far beyond 2³² elements is filled from its own words")
  func far() throws {
    let recipe = try Recipe(
      seed: 42, stream: 1, dtype: .float32, shape: Shape([1 << 36]), law: .normal(mean: 0, std: 1))
    let start = (1 << 34) - 2
    let whole = recipe.bytes(start..<start + 9)
    let elements: [[UInt8]] = (0..<9).map { i in Array(whole[4 * i..<4 * i + 4]) }
    for i in 0..<9 {
      let alone = recipe.bytes(start + i..<start + i + 1)
      #expect(alone == elements[i])
    }
    #expect(Set(elements).count == 9)
  }

  @Test("chunks filled in parallel have the digests of chunks filled in turn", arguments: [1, 2, 3, 8])
  func threads(threads: Int) throws {
    let recipe = try Recipe(
      seed: 5, stream: 6, dtype: .float32, shape: Shape([1_000_003]),
      law: .uniform(half: 1, mid: 0, low: -1, high: 1))
    let digests = Mutex([Int: Digest]())
    concurrently(recipe.chunkCount, threads: threads) { i in
      let digest = Digest(of: recipe.bytes(recipe.chunk(i).elements(.float32)))
      digests.withLock { $0[i] = digest }
    }
    let all = digests.withLock { $0 }
    #expect((0..<recipe.chunkCount).map { all[$0] } == chunkDigests(recipe).map(\.self))
  }

  @Test("parallel work stops at an error and throws it")
  func failure() {
    struct Failed: Error {}
    let ran = Atomic(0)
    #expect(throws: Failed.self) {
      try concurrently(10_000, threads: 2) { i in
        ran.add(1, ordering: .relaxed)
        if i == 3 { throw Failed() }
      }
    }
    #expect(ran.load(ordering: .relaxed) < 10_000)
  }

  @Test("the last chunk is short, and an empty tensor has none")
  func chunks() throws {
    #expect(Chunk.count(ofBytes: 0) == 0)
    #expect(Chunk.count(ofBytes: 1 << 20) == 1)
    #expect(Chunk.count(ofBytes: 1 << 20 + 1) == 2)
    #expect(Chunk(1, ofBytes: 1 << 20 + 8).elements(.float64) == 1 << 17..<1 << 17 + 1)
    // SHA-256 of no bytes, as published in FIPS 180-4's examples.
    #expect(Digest(ofChunks: []).hex == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  }

  @Test(
    "filling and hashing at once gives the bytes and the digests of doing one after the other",
    arguments: [
      0, 1, 8191, 8192, 8193, 262_143, 262_144, 262_145, 600_001,
    ])
  func atOnce(count: Int) throws {
    for dtype in [DType.float32, .bfloat16, .float64, .int8] {
      let law = dtype == .int8 ? Law.constant(value: -3) : .normal(mean: 0, std: 1)
      let recipe = try Recipe(seed: 3, stream: 4, dtype: dtype, shape: Shape([count]), law: law)
      try expectAtOnce((0..<recipe.chunkCount).map { RecipeChunk(recipe, recipe.chunk($0)) })
    }
  }

  @Test(
    "so many full chunks of several tensors, with shorter ones between them, have the digests of each alone",
    arguments: [1, 7, 8, 9, 15, 16, 17, 33])
  func together(full: Int) throws {
    var chunks: [RecipeChunk] = []
    for i in 0..<full {
      // A tensor of a full chunk, of another dtype and law each time, and now and then of a second, shorter one.
      let dtype = [DType.float32, .bfloat16, .float64, .float16, .uint8][i % 5]
      let law =
        dtype == .uint8
        ? Law.constant(value: Double(i))
        : [.normal(mean: 0, std: 1), .uniform(half: 1, mid: 0, low: -1, high: 1), .constant(value: 0.5)][
          i % 3]
      let count = chunkSize / dtype.byteCount + (i % 4 == 0 ? 12345 : 0)
      let recipe = try Recipe(seed: 5, stream: UInt64(i), dtype: dtype, shape: Shape([count]), law: law)
      chunks += (0..<recipe.chunkCount).map { RecipeChunk(recipe, recipe.chunk($0)) }
    }
    try expectAtOnce(chunks)
  }

  private func expectAtOnce(_ chunks: [RecipeChunk]) throws {
    let bytes = chunks.map { $0.recipe.bytes($0.chunk.elements($0.recipe.dtype)) }
    // One by one, by swift-crypto.
    let digests = bytes.map { Digest(of: $0) }
    #expect(Digest.each(of: chunks) == digests)
    let memory = bytes.map { UnsafeMutableRawBufferPointer.allocate(byteCount: $0.count, alignment: 1) }
    defer { for buffer in memory { buffer.deallocate() } }
    for buffer in memory { buffer.initializeMemory(as: UInt8.self, repeating: 0xA5) }
    #expect(Digest.each(filling: chunks, into: memory) == digests)
    for (buffer, bytes) in zip(memory, bytes) { #expect(buffer.elementsEqual(bytes)) }
    #expect(Digest.each(of: memory.map { UnsafeRawBufferPointer($0) }) == digests)
  }
}

#if !(os(macOS) && arch(x86_64))
  @Suite struct HalfPrecisionTests {
    @Test("binary16 rounds as the processor does: every half, its neighbours and the midpoints")
    func binary16() {
      for bits: UInt16 in 0..<0x7C00 {
        let here = Float(Float16(bitPattern: bits)),
          next = bits == 0x7BFF ? 65536 : Float(Float16(bitPattern: bits + 1))
        let middle = (here + next) / 2
        for value in [here, here.nextUp, middle.nextDown, middle, middle.nextUp, next.nextDown] {
          #expect(value.float16Bits == Float16(value).bitPattern, "\(value)")
          #expect((-value).float16Bits == Float16(-value).bitPattern, "\(-value)")
        }
      }
    }
  }
#endif
