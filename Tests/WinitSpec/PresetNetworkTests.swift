// The networks of presets, against the layers that the libraries' own models run.

import Foundation
import Testing
import WinitCore
import WinitDiagnosis
import WinitSpec
import WinitTestSupport

@Suite struct PresetNetworkTests {
  /// A model of a library: its parameters, and its layers in the order in which they run.
  struct Model: Sendable, CustomTestStringConvertible {
    let preset: String
    let name: String
    var tensors: [(name: String, dims: [Int])] = []
    var steps: [[String]] = []

    var testDescription: String { name }

    static let all: [Model] = {
      var models: [Model] = []
      for row in (try? VectorFile.rows("networks.txt")) ?? [] {
        switch row[0] {
        case "model": models.append(Model(preset: row[1], name: row[2]))
        case "tensor":
          models[models.count - 1].tensors.append((row[1], row[2].split(separator: ",").compactMap { Int($0) }))
        default: models[models.count - 1].steps.append(Array(row.columns.dropFirst()))
        }
      }
      return models
    }()
  }

  /// The plan of a preset for tensors whose names have a prefix.
  private func plan(_ preset: String, _ tensors: [(name: String, dims: [Int])], prefix: String = "") throws -> Plan {
    let like = try tensors.map { try WinitSpecTests.like(prefix + $0.name, $0.dims, .float32) }
    return try ModelSpec(preset: preset).resolve(like: ("like.safetensors", like))
  }

  /// The rows that a network's entries would write, with the names of weights.
  private func steps(_ entries: [Network.Entry], _ ranks: [String: Int]) -> [[String]] {
    func row(_ function: ActivationFunction) -> [[String]] {
      function == .linear ? [] : [["activation", function.name]]
    }
    return entries.flatMap { entry -> [[String]] in
      switch entry {
      case .input: []
      case .embedding(let embedding): embedding.tables.map { ["embedding", $0] }
      case .weight(let layer):
        [
          ranks[layer.weight] == 2
            ? ["linear", layer.weight]
            : ["conv", layer.weight, "\(layer.stride)", "\(layer.padding)", "\(layer.groups)"]
        ] + row(layer.activation)
      case .activation(let function): row(function)
      case .norm(let norm): [["norm", norm.weight ?? ""]]
      case .pool(let pool): [["pool", pool.kind.rawValue, "\(pool.size)", "\(pool.stride)", "\(pool.padding)"]]
      case .attention(let attention):
        [attention.query, attention.key, attention.value, attention.output].reduce(into: [[String]]()) {
          if $0.last != ["linear", $1] { $0.append(["linear", $1]) }
        }
      case .gate(let gate): [["linear", gate.gate]] + row(gate.activation) + [["linear", gate.up]]
      case .residual(let branch, let shortcut): steps(branch, ranks) + steps(shortcut, ranks)
      }
    }
  }

  @Test(arguments: Model.all, ["", "module."])
  func `the network of a preset has the layers of the real model in their order, also under a prefix`(
    model: Model, prefix: String
  ) throws {
    let plan = try plan(model.preset, model.tensors, prefix: prefix)
    let network = try #require(plan.network, "\(plan.networkProblem ?? "no list")")
    #expect(network.source == .preset)
    let ranks = Dictionary(uniqueKeysWithValues: model.tensors.map { (prefix + $0.name, $0.dims.count) })
    let found = steps(network.network.entries, ranks)
    // A sum of embeddings has no order.
    let wanted = model.steps.map { step in step.map { $0.hasSuffix(".weight") ? prefix + $0 : $0 } }
    #expect(found.filter { $0[0] != "embedding" } == wanted.filter { $0[0] != "embedding" })
    #expect(Set(found.filter { $0[0] == "embedding" }) == Set(wanted.filter { $0[0] == "embedding" }))
  }

  @Test func `the vector file has the models`() { #expect(Model.all.count == 12 && Model.all[0].steps.count > 8) }

  @Test(arguments: [
    ("gpt2", "gpt2"), ("bert-base", "bert"), ("vgg16", "vgg-torchvision"), ("resnet50", "resnet-torchvision"),
  ])
  func `a spec in specs/ has the network of the preset`(name: String, preset: String) throws {
    let spec = try ModelSpec(contentsOf: VectorFile.repository.appending(path: "specs/\(name).yaml").path).plan()
    let tensors = spec.tensors.filter { $0.dtype.isFloatingPoint }.map { ($0.name.string, $0.shape.dims) }
    let plan = try plan(preset, tensors)
    let network = try #require(spec.network)
    #expect(network.source == .spec && network.network == plan.network?.network)
  }

  @Test func `a head is optional, and a network without the head is that of the base model`() throws {
    let models = Model.all.filter { $0.preset == "gpt2" }
    let (base, head) = (try #require(models.first), try #require(models.last))
    let entries = try #require(plan("gpt2", base.tensors).network).network.entries
    let tied = head.tensors.filter { $0.name != "lm_head.weight" }
    let withoutHead = try #require(plan("gpt2", tied).network).network.entries
    let whole = try #require(plan("gpt2", head.tensors).network).network.entries
    #expect(entries.count == withoutHead.count && whole.count == entries.count + 1)
    guard case .weight(let layer)? = whole.last else { throw TestFailure() }
    #expect(layer.weight == "lm_head.weight")
  }

  struct TestFailure: Error {}

  @Test func `a preset whose network does not fit the tensors still initializes them, and says what does not fit`()
    throws
  {
    let model = try #require(Model.all.first { $0.name == "GPT2LMHeadModel" })
    for (change, reason) in [
      (
        { (tensors: inout [(name: String, dims: [Int])]) in tensors.removeAll { $0.name.contains("mlp.c_fc.weight") } },
        "transformer.h.0.mlp.c_fc.weight"
      ),
      ({ $0.append(("transformer.h.1.crossattention.c_attn.weight", [8, 16])) }, "crossattention.c_attn"),
      ({ $0.removeAll { $0.name.hasPrefix("transformer.h.0.") } }, "transformer.h.0."),
    ] as [((inout [(name: String, dims: [Int])]) -> Void, String)] {
      var tensors = model.tensors
      change(&tensors)
      let plan = try plan("gpt2", tensors)
      #expect(plan.tensors.count == tensors.count && plan.network == nil)
      #expect(plan.networkProblem?.contains(reason) == true, "\(plan.networkProblem ?? "nil")")
    }
  }

  @Test func `a spec's own network replaces that of its preset`() throws {
    let plan = try ModelSpec(
      parsing: "preset: gpt2\ntensors: {wte.weight: [9, 4], h.0.w.weight: [4, 4]}\nnetwork: [{embedding: wte.weight}]",
      file: "m.yaml"
    ).resolve()
    #expect(plan.network?.source == .spec && plan.network?.network.entries.count == 1)
    let model = try #require(Model.all.first { $0.name == "GPT2Model" })
    let like = try model.tensors.map { try WinitSpecTests.like($0.name, $0.dims, .float32) }
    let none = try ModelSpec(parsing: "preset: gpt2\nnetwork: none", file: "m.yaml").resolve(like: ("like", like))
    #expect(none.network == nil && none.networkProblem == nil)
  }
}
