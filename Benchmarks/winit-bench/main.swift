// Measures fills and prints the times as JSON: `winit-bench [ELEMENTS] [ROUNDS] [DTYPE]`. tools/bench compares them
// with those of other libraries.

import Foundation
import WinitCore
import WinitJSON

/// What a fill is measured with.
struct Workload {
  let name: String
  let recipe: Recipe
  /// The number of elements that a thread fills at a time.
  let piece: Int
  /// The number of elements that the rate counts: those of the recipe, except for a norm, which is far smaller than the
  /// tensor whose elements it reads.
  let counted: Int
}

/// The elements that a thread fills at a time, 1 MiB of float32.
let pieceSize = 1 << 18

/// Returns the workloads of a dtype. Expressions and norms, which have no kernel, get a sixteenth of the elements.
func workloads(_ elements: Int, _ dtype: DType) throws -> [Workload] {
  func recipe(_ law: Law, _ dims: [Int], source: Recipe? = nil) throws -> Recipe {
    try Recipe(seed: 1, stream: 2, dtype: dtype, shape: Shape(dims), law: law, source: source)
  }
  func workload(_ name: String, _ recipe: Recipe) -> Workload {
    Workload(name: name, recipe: recipe, piece: pieceSize, counted: recipe.shape.elementCount)
  }
  let normal = Law.normal(mean: 0, std: 1)
  let truncated = Law.truncatedNormal(
    alpha: 0.02275013194817921, beta: 0.9772498680518208, low: -2, high: 2, mean: 0, std: 1)
  // The logarithm of 1, 2, …, 16 along the state, as in Mamba.
  let states = 16
  let logarithm = ExpressionTree.unary(.log, .binary(.add, .number(1), .index(1)))
  let channels = max(1, elements / 16 / states)
  // The g of weight_norm, for a linear layer of 4096 inputs.
  let inputs = 4096
  let outputs = max(1, elements / 16 / inputs)
  let norm = try recipe(
    .normOf(TensorName("weight_v"), axes: [1]), [outputs],
    source: recipe(.uniform(half: 1, mid: 0, low: -1, high: 1), [outputs, inputs]))
  // Query, key and value of an attention in one matrix, each with the elements that it has in a matrix of its own.
  let width = max(1, Int(Double(elements / 3).squareRoot()))
  let fused = try Shape([3 * width, width])
  let parts =
    [LawPart(box: [], of: fused, law: .constant(value: 0))]
    + (0..<3).map { part in
      LawPart(box: [part * width..<(part + 1) * width], of: fused, law: normal, stream: UInt64(part))
    }
  return [
    workload("uniform", try recipe(.uniform(half: 1, mid: 0, low: -1, high: 1), [elements])),
    workload("normal", try recipe(normal, [elements])),
    workload("truncated_normal", try recipe(truncated, [elements])),
    workload("constant", try recipe(.constant(value: 0.5), [elements])),
    workload("expression", try recipe(.expression(draw: nil, tree: logarithm), [channels, states])),
    Workload(name: "norm_of", recipe: norm, piece: max(1, pieceSize / inputs), counted: outputs * inputs),
    workload("parts", try recipe(.parts(parts), [3 * width, width])),
  ]
}

/// Returns the seconds that a fill of all elements takes. The buffer is already in memory, and the threads share its
/// pieces.
func time(_ workload: Workload, threads: Int, _ buffer: UnsafeMutableRawBufferPointer) throws -> Double {
  let (recipe, piece) = (workload.recipe, workload.piece)
  let count = recipe.shape.elementCount
  nonisolated(unsafe) let buffer = buffer
  let size = recipe.dtype.byteCount
  let start = ContinuousClock.now
  try concurrently((count + piece - 1) / piece, threads: threads) { i in
    let range = i * piece..<min((i + 1) * piece, count)
    let bytes = UnsafeMutableRawBufferPointer(
      rebasing: buffer[range.lowerBound * size..<range.upperBound * size])
    try recipe.fill(range, into: bytes)
  }
  return (ContinuousClock.now - start) / .seconds(1)
}

/// Prints how the program is called, and exits.
func usage() -> Never {
  FileHandle.standardError.write(
    Data("usage: winit-bench [ELEMENTS] [ROUNDS] [float32|float64|float16|bfloat16]\n".utf8))
  exit(64)
}

/// Returns an argument as a number, 1 or more.
func number(_ place: Int, default value: Int) -> Int {
  guard CommandLine.arguments.count > place else { return value }
  guard let number = Int(CommandLine.arguments[place]), number > 0 else { usage() }
  return number
}

let elements = number(1, default: 1 << 26)
let rounds = number(2, default: 5)
var dtypes: [DType] = [.float32, .float64, .float16, .bfloat16]
if CommandLine.arguments.count > 3 {
  guard let dtype = dtypes.first(where: { $0.rawValue == CommandLine.arguments[3] }) else { usage() }
  dtypes = [dtype]
}
let processors = ProcessInfo.processInfo.activeProcessorCount
let measured = try dtypes.flatMap { try workloads(elements, $0) }
let buffer = UnsafeMutableRawBufferPointer.allocate(
  byteCount: measured.map(\.recipe.byteCount).max() ?? 0, alignment: 64)
buffer.initializeMemory(as: UInt8.self, repeating: 1)
var results: [JSONValue] = []
for workload in measured {
  let memory = UnsafeMutableRawBufferPointer(rebasing: buffer[..<workload.recipe.byteCount])
  for threads in Set([1, processors]).sorted() {
    let seconds = try (0...rounds).map { _ in try time(workload, threads: threads, memory) }.dropFirst()
    results.append([
      "name": .string("fill.\(workload.name)"), "dtype": .string(workload.recipe.dtype.rawValue),
      "threads": .integer(threads), "elements": .integer(workload.counted),
      "rounds": .array(seconds.map { .number($0) }),
    ])
  }
}
let report: JSONValue = [
  "kernel": .string(SIMDKernel.current.rawValue), "elements": .integer(elements), "results": .array(results),
]
print(report.pretty)
