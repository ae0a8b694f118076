// Measures fills and prints the times as JSON: `winit-bench [ELEMENTS] [ROUNDS] [DTYPE]`. tools/bench compares them
// with those of other libraries.

import Foundation
import WinitCore
import WinitJSON

let elements = CommandLine.arguments.count > 1 ? Int(CommandLine.arguments[1]) ?? 1 << 26 : 1 << 26
let rounds = CommandLine.arguments.count > 2 ? Int(CommandLine.arguments[2]) ?? 5 : 5
let dtypes =
  CommandLine.arguments.count > 3
  ? [DType(rawValue: CommandLine.arguments[3])].compactMap(\.self)
  : [.float32, .float64, .float16, .bfloat16]
let processors = ProcessInfo.processInfo.activeProcessorCount

let laws: [(name: String, law: Law)] = [
  ("uniform", .uniform(half: 1, mid: 0, low: -1, high: 1)), ("normal", .normal(mean: 0, std: 1)),
  (
    "truncated_normal",
    .truncatedNormal(
      alpha: 0.02275013194817921, beta: 0.9772498680518208, low: -2, high: 2, mean: 0, std: 1)
  ),
]

/// Returns the seconds that a fill of all elements takes. The buffer is already in memory, and the threads share its
/// pieces.
func time(_ recipe: Recipe, threads: Int, _ buffer: UnsafeMutableRawBufferPointer) throws -> Double {
  let piece = 1 << 18
  nonisolated(unsafe) let buffer = buffer
  let size = recipe.dtype.byteCount
  let start = ContinuousClock.now
  try concurrently(elements / piece, threads: threads) { i in
    let range = i * piece..<(i + 1) * piece
    let bytes = UnsafeMutableRawBufferPointer(
      rebasing: buffer[range.lowerBound * size..<range.upperBound * size])
    try recipe.fill(range, into: bytes)
  }
  return (ContinuousClock.now - start) / .seconds(1)
}

let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: elements * 8, alignment: 64)
buffer.initializeMemory(as: UInt8.self, repeating: 1)
var results: [JSONValue] = []
for dtype in dtypes {
  for (name, law) in laws {
    let recipe = try Recipe(seed: 1, stream: 2, dtype: dtype, shape: Shape([elements]), law: law)
    let memory = UnsafeMutableRawBufferPointer(rebasing: buffer[..<(elements * dtype.byteCount)])
    for threads in Set([1, processors]).sorted() {
      let seconds = try (0...rounds).map { _ in try time(recipe, threads: threads, memory) }.dropFirst()
      results.append([
        "name": .string("fill.\(name)"), "dtype": .string(dtype.rawValue), "threads": .integer(threads),
        "rounds": .array(seconds.map { .number($0) }),
      ])
    }
  }
}
let report: JSONValue = [
  "kernel": .string(SIMDKernel.current.rawValue), "elements": .integer(elements), "results": .array(results),
]
print(report.pretty)
