// A chain of dense layers for the tests of passes.

import WinitCore
import WinitDiagnosis
import WinitInitializers

/// A network whose tensors are given as laws or as elements.
struct PassModel {
  var seed: UInt64
  var network = Network([])
  var layout = Layout.torch
  private var shapes: [String: Shape] = [:]
  private var recipes: [String: Recipe] = [:]
  private var given: [String: [Float]] = [:]

  init(seed: UInt64) { self.seed = seed }

  /// Adds a weight with a law, and its bias with another law or with given elements.
  mutating func add(
    _ name: String, _ dims: [Int], _ law: Law, bias: Law? = nil, biasElements: [Float]? = nil,
    activation: ActivationFunction = .linear
  ) throws {
    try set(name, dims, law)
    let biasName = name.replacing("weight", with: "bias")
    if let bias { try set(biasName, [dims[layout == .torch ? 0 : 1]], bias) }
    if let biasElements { (shapes[biasName], given[biasName]) = (try Shape([biasElements.count]), biasElements) }
    let hasBias = shapes[biasName] != nil
    network.entries.append(.weight(.init(name, bias: hasBias ? biasName : nil, activation: activation)))
  }

  mutating func set(_ name: String, _ dims: [Int], _ law: Law) throws {
    let shape = try Shape(dims)
    shapes[name] = shape
    recipes[name] = try Recipe(
      seed: seed, stream: TensorName(name).stream, dtype: .float32, shape: shape, law: law)
  }

  /// Adds a weight with given elements.
  mutating func add(_ name: String, _ dims: [Int], _ elements: [Float], activation: ActivationFunction = .linear) throws
  {
    shapes[name] = try Shape(dims)
    given[name] = elements
    network.entries.append(.weight(.init(name, activation: activation)))
  }

  func chain() throws -> DenseChain {
    try DenseChain(network) { name in shapes[name].map { ($0, .layout(layout)) } }
  }

  func elements(_ name: String) throws -> [Float] {
    if let elements = given[name] { return elements }
    guard let recipe = recipes[name] else { throw PassRefusal("no tensor \(name)") }
    let count = recipe.shape.elementCount
    return try [Float](unsafeUninitializedCapacity: count) { buffer, filled in
      filled = count
      try recipe.fill(0..<count, into: UnsafeMutableRawBufferPointer(buffer), threads: 2)
    }
  }

  func pass(_ options: PassOptions = PassOptions(), threads: Int = 2, kernel: SIMDKernel = .current) throws -> DensePass
  {
    try chain().pass(options, threads: threads, kernel: kernel, elements: elements)
  }
}
