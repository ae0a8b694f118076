import Foundation
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

private func chunkDigests(_ recipe: Recipe) throws -> DigestList {
  DigestList(
    try (0..<recipe.chunkCount).map { SHA256Digest(of: try recipe.bytes(recipe.chunk($0).elements(recipe.dtype))) })
}

@Suite struct FillTests {
  @Test
  func `fills have the digests of the vector file (made with NumPy and hashlib) for every elementwise law and dtype`()
    throws
  {
    var seen: Set<String> = []
    for row in try VectorFile.rows("fills.txt") {
      let recipe = try recipe(row)
      seen.insert("\(recipe.law.name) \(recipe.dtype)")
      #expect(try SHA256Digest(ofChunks: chunkDigests(recipe)).hex == row[5], "\(row)")
      if row[6] != "-" {
        let count = min(16 / recipe.dtype.byteCount, recipe.shape.elementCount)
        #expect(try recipe.bytes(0..<count) == row.bytes(6), "\(row)")
      }
    }
    let random = ["uniform", "normal", "truncated_normal", "constant"]
    for law in random {
      for dtype in ["float64", "float32", "float16", "bfloat16"] { #expect(seen.contains("\(law) \(dtype)")) }
    }
    for dtype in ["int64", "int32", "uint8", "bool"] { #expect(seen.contains("constant \(dtype)")) }
  }

  @Test func `streams equal those of the vector file (made with hashlib), also for names that look alike`() throws {
    for row in try VectorFile.rows("streams.txt") {
      #expect(TensorName(row.text(0)).stream == (try row.decimal(1)), "\(row)")
    }
  }

  @Test(
    arguments: DType.allCases.filter(\.isFloatingPoint)
  )
  func `a range of elements equals the same range of the whole tensor`(dtype: DType) throws {
    let recipe = try Recipe(
      seed: 9, stream: 3, dtype: dtype, shape: Shape([40]), law: .normal(mean: 0.5, std: 2))
    let whole = try recipe.bytes(0..<40)
    for start in 0...40 {
      for stop in start...40 {
        let piece = Array(whole[start * dtype.byteCount..<stop * dtype.byteCount])
        #expect(try recipe.bytes(start..<stop) == piece, "\(start)..<\(stop)")
      }
    }
  }

  @Test
  func `a range beyond 2³² elements equals its elements filled one by one, which differ from each other`() throws {
    let recipe = try Recipe(
      seed: 42, stream: 1, dtype: .float32, shape: Shape([1 << 36]), law: .normal(mean: 0, std: 1))
    let start = (1 << 34) - 2
    let whole = try recipe.bytes(start..<start + 9)
    let elements: [[UInt8]] = (0..<9).map { i in Array(whole[4 * i..<4 * i + 4]) }
    for i in 0..<9 {
      let alone = try recipe.bytes(start + i..<start + i + 1)
      #expect(alone == elements[i])
    }
    #expect(Set(elements).count == 9)
  }

  @Test(arguments: [1, 2, 3, 8])
  func `chunks filled in parallel have the same digests as chunks filled one after another`(threads: Int) throws {
    let recipe = try Recipe(
      seed: 5, stream: 6, dtype: .float32, shape: Shape([1_000_003]),
      law: .uniform(half: 1, mid: 0, low: -1, high: 1))
    let digests = Mutex([Int: SHA256Digest]())
    try concurrently(recipe.chunkCount, threads: threads) { i in
      let digest = SHA256Digest(of: try recipe.bytes(recipe.chunk(i).elements(.float32)))
      digests.withLock { $0[i] = digest }
    }
    let all = digests.withLock { $0 }
    #expect(try (0..<recipe.chunkCount).map { all[$0] } == chunkDigests(recipe).map(\.self))
  }

  // If each vector were searched for among the others, 10,000 would take about 50 times as long per vector as 100.
  @Test func `a batch of many small vectors costs no more per vector than one of few`() throws {
    /// The time for which a processor has run this thread, in nanoseconds.
    func processorTime() -> Int {
      var time = timespec()
      clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
      return 1_000_000_000 * time.tv_sec + time.tv_nsec
    }
    func costPerVector(_ count: Int) throws -> Double {
      let law = Law.batched(.orthogonal(gain: 1, rows: 1), axes: [0])
      // No other test uses this seed, so that the cache has none of the vectors.
      let recipe = try Recipe(
        seed: 8021 + UInt64(count), stream: 6, dtype: .float32, shape: Shape([count, 2]), law: law)
      let start = processorTime()
      let bytes = try recipe.bytes(0..<2 * count)
      let cost = Double(processorTime() - start) / Double(count)
      let values = bytes.withUnsafeBytes { DType.float32.values($0) }
      for start in stride(from: 0, to: values.count, by: 2) {
        let (x, y) = (values[start], values[start + 1])
        guard abs(x * x + y * y - 1) < 1e-6 else {
          Issue.record("the vector at \(start) is not a unit vector")
          return cost
        }
      }
      return cost
    }
    let (few, many) = try (costPerVector(100), costPerVector(10_000))
    // The time of the processor, which other programs do not change by such a factor.
    #expect(many < 10 * few, "\(few) and \(many) ns")
  }

  @Test func `a parallel loop stops at an error and throws it`() {
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

  @Test func `the last chunk can be shorter than the others, and an empty tensor has no chunk`() throws {
    #expect(Chunk.count(ofBytes: 0) == 0)
    #expect(Chunk.count(ofBytes: 1 << 20) == 1)
    #expect(Chunk.count(ofBytes: (1 << 20) + 1) == 2)
    #expect(Chunk(1, ofBytes: (1 << 20) + 8).elements(.float64) == (1 << 17)..<(1 << 17) + 1)
    // SHA-256 of the empty string, from the examples of FIPS 180-4.
    #expect(SHA256Digest(ofChunks: []).hex == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  }

  @Test(arguments: [
    0, 1, 8191, 8192, 8193, 262_143, 262_144, 262_145, 600_001,
  ])
  func `filling and hashing piece by piece gives the same bytes and digests as filling, then hashing`(count: Int) throws
  {
    for dtype in [DType.float32, .bfloat16, .float64, .int8] {
      let law = dtype == .int8 ? Law.constant(value: -3) : .normal(mean: 0, std: 1)
      let recipe = try Recipe(seed: 3, stream: 4, dtype: dtype, shape: Shape([count]), law: law)
      try expectSameAsOneByOne((0..<recipe.chunkCount).map { RecipeChunk(recipe, recipe.chunk($0)) })
    }
  }

  @Test(arguments: [1, 7, 8, 9, 15, 16, 17, 33])
  func `full chunks of several tensors, mixed with shorter chunks, have the same digests as each chunk alone`(full: Int)
    throws
  {
    var chunks: [RecipeChunk] = []
    for i in 0..<full {
      // Each tensor has one full chunk; dtype and law change from tensor to tensor, and every fourth has a second,
      // short chunk.
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
    try expectSameAsOneByOne(chunks)
  }

  /// Expects the functions for many chunks to give the bytes and the digests of one chunk at a time.
  private func expectSameAsOneByOne(_ chunks: [RecipeChunk]) throws {
    let bytes = try chunks.map { try $0.recipe.bytes($0.chunk.elements($0.recipe.dtype)) }
    // One chunk at a time, with the system's SHA-256.
    let digests = bytes.map { SHA256Digest(of: $0) }
    #expect(try SHA256Digest.each(of: chunks) == digests)
    let memory = bytes.map { UnsafeMutableRawBufferPointer.allocate(byteCount: $0.count, alignment: 1) }
    defer { for buffer in memory { buffer.deallocate() } }
    for buffer in memory { buffer.initializeMemory(as: UInt8.self, repeating: 0xA5) }
    #expect(try SHA256Digest.each(filling: chunks, into: memory) == digests)
    for (buffer, bytes) in zip(memory, bytes) { #expect(buffer.elementsEqual(bytes)) }
    #expect(SHA256Digest.each(of: memory.map { UnsafeRawBufferPointer($0) }) == digests)
  }
}
