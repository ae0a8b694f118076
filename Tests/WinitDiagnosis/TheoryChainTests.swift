// Which files are chains, and what is shown for them.

import Testing
import WinitCore
import WinitDiagnosis
import WinitInitializers

@Suite struct TheoryChainTests {
  private func chain(_ tensors: [(String, [Int])], layout: Layout = .torch) throws -> Chain? {
    Chain(of: try tensors.map { ($0.0, try Shape($0.1), FanSource.layout(layout)) })
  }

  private let mlp = [
    ("net.0.bias", [300]), ("net.0.weight", [300, 784]), ("net.2.bias", [100]), ("net.2.weight", [100, 300]),
    ("net.10.bias", [10]), ("net.10.weight", [10, 100]),
  ]

  @Test func `a file sorted by names is a chain in the order of the numbers`() throws {
    let sorted = mlp.sorted { $0.0 < $1.0 }  // net.0, net.10, net.2
    let chain = try #require(try chain(sorted))
    #expect(chain.layers.map(\.weight) == ["net.0.weight", "net.2.weight", "net.10.weight"])
    #expect(chain.layers.map(\.bias) == ["net.0.bias", "net.2.bias", "net.10.bias"])
    #expect(!chain.hasConvolutions)
  }

  @Test func `weights of Keras's layout are a chain in that layout`() throws {
    let tensors = [("fc1.kernel", [784, 300]), ("fc1.bias", [300]), ("fc2.kernel", [300, 10]), ("fc2.bias", [10])]
    let chain = try #require(try chain(tensors))
    #expect(chain.layers.map(\.fanSource) == [.layout(.keras), .layout(.keras)])
  }

  @Test func `blocks that change the width are a chain, because no sum can be around them`() throws {
    let tensors = [
      ("in.1.fc1.weight", [32, 16]), ("in.1.fc2.weight", [64, 32]), ("in.2.fc1.weight", [32, 64]),
      ("in.2.fc2.weight", [8, 32]),
    ]
    #expect(try chain(tensors)?.layers.count == 4)
  }

  /// torchvision's VGG-11 and AlexNet: the blocks in the order of a file, in which `classifier` is first.
  @Test func `convolutions are followed by layers that flatten`() throws {
    let tensors = [
      ("classifier.1.weight", [4096, 9216]), ("classifier.1.bias", [4096]), ("classifier.4.weight", [4096, 4096]),
      ("classifier.4.bias", [4096]), ("classifier.6.weight", [1000, 4096]), ("classifier.6.bias", [1000]),
      ("features.0.weight", [64, 3, 11, 11]), ("features.0.bias", [64]), ("features.10.weight", [256, 256, 3, 3]),
      ("features.3.weight", [192, 64, 5, 5]), ("features.6.weight", [384, 192, 3, 3]),
      ("features.8.weight", [256, 384, 3, 3]),
    ]
    let chain = try #require(try chain(tensors))
    #expect(chain.layers.first?.weight == "features.0.weight")
    #expect(chain.layers.last?.weight == "classifier.6.weight")
    #expect(chain.hasConvolutions)
  }

  @Test(arguments: [
    // A norm, a vector, a counter.
    [("fc1.weight", [20, 10]), ("norm.weight", [20]), ("fc2.weight", [5, 20])],
    [("fc1.weight", [20, 10]), ("fc1.scale", [20]), ("fc2.weight", [5, 20])],
    [("fc1.weight", [20, 10]), ("fc1.bias", [10]), ("fc2.weight", [5, 20])],
    // A bias without a weight, one layer, a layer that does not fit.
    [("fc1.weight", [20, 10]), ("fc2.weight", [5, 20]), ("fc3.bias", [5])],
    [("fc1.weight", [20, 10]), ("fc1.bias", [20])],
    [("fc1.weight", [20, 10]), ("fc2.weight", [5, 40])],
    // Two towers of one width: either order fits.
    [("actor.0.weight", [64, 64]), ("actor.2.weight", [64, 64]), ("critic.0.weight", [64, 64])],
    // The adapters of two layers, queries and keys, a recurrent layer.
    [("0.lora_A.weight", [8, 64]), ("0.lora_B.weight", [64, 8]), ("1.lora_A.weight", [8, 64])],
    [("0.q_proj.weight", [64, 64]), ("0.k_proj.weight", [64, 64])],
    [("lstm.weight_ih_l0", [64, 64]), ("lstm.weight_hh_l0", [64, 64])],
    // Blocks of two layers that give as many values as they take: a residual sum may be around each.
    [
      ("in.weight", [64, 16]), ("in.1.fc1.weight", [64, 64]), ("in.1.fc2.weight", [64, 64]),
      ("in.2.fc1.weight", [64, 64]), ("in.2.fc2.weight", [64, 64]),
    ],
    // A convolution behind a linear layer, and kernels of different rank.
    [("fc1.weight", [64, 10]), ("conv2.weight", [8, 64, 3, 3])],
    [("conv1.weight", [64, 3, 3, 3]), ("conv2.weight", [8, 64, 3])],
    [], [("weight", [3, 3])], [(".weight", [3, 3]), ("bias", [3])],
  ])
  func `other files are no chains`(tensors: [(String, [Int])]) throws {
    #expect(try chain(tensors) == nil)
  }

  @Test func `an assumed chain has each layer with ReLU and then without activations`() throws {
    let chain = try #require(try chain(mlp))
    var tensors = TheoryTensors()
    for (name, dims) in mlp { tensors.add(name, dims, std: dims.count == 1 ? 0 : (2 / Double(dims[1])).squareRoot()) }
    let theory = tensors.theory(assuming: chain)
    #expect(theory.layers.map(\.name) == (chain.layers + chain.layers).map(\.weight))
    #expect(theory.layers.map(\.isAssumed) == [Bool](repeating: true, count: 6))
    #expect(theory.layers.map(\.activation) == ["relu", "relu", nil, "linear", "linear", "linear"])
    #expect(theory.summary.source == .assumed)
    // He's std keeps E x² under ReLU: q = 2·1 at the last layer, and 2³ without activations.
    #expect(abs(ratio(theory.layers[2].theory?.q, 2) - 1) < 1e-12)
    #expect(abs(ratio(theory.layers[5].theory?.q, 8) - 1) < 1e-12)
  }

  @Test func `an assumed chain takes the layout with which it fits`() throws {
    let shapes = [("fc1.kernel", [784, 300]), ("fc2.kernel", [300, 10])]
    let chain = try #require(try chain(shapes))
    var tensors = TheoryTensors()
    for (name, dims) in shapes { tensors.add(name, dims, std: (1 / Double(dims[0])).squareRoot()) }
    let theory = tensors.theory(assuming: chain)
    #expect(theory.refusal == nil)
    #expect(abs(ratio(theory.layers.last?.theory?.q, 1) - 1) < 1e-12)
  }
}
