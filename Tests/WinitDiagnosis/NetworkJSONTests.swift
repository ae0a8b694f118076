// The JSON forms of networks and of allowed findings.

import Testing
import WinitCore
import WinitDiagnosis
import WinitJSON

@Suite struct NetworkJSONTests {
  /// A network with every kind of entry and every member.
  private static let network = Network([
    .input(shape: [3, 8, 8], std: 0.5), .embedding(Network.Embedding(tables: ["t", "p"])),
    .weight(
      Network.Weight(
        "w", bias: "b", activation: .leakyReLU(slope: 0.2), stride: 2, padding: 1, groups: 4, isTransposed: true)),
    .weight(Network.Weight("v")), .activation(.geluTanh), .norm(Network.Norm(.rms, weight: "n", bias: "m")),
    .norm(Network.Norm(.batch, weight: nil)), .pool(Network.Pool(.max, size: 3, stride: 2, padding: 1)),
    .pool(Network.Pool(.global, size: 0, stride: 1)),
    .attention(
      Network.Attention(
        query: "q", key: "k", value: "v", output: "o", heads: 8, isCausal: true, valueBias: "vb", outputBias: "ob")),
    .gate(Network.Gate(gate: "g", up: "u", activation: .silu, gateBias: "gb", upBias: "ub")),
    .attention(
      Network.Attention(query: "q", key: "k", value: "v", output: "o", heads: nil, isCausal: false)),
    .residual([.weight(Network.Weight("r"))], shortcut: [.weight(Network.Weight("s"))]),
    .residual([.weight(Network.Weight("x"))], shortcut: []),
  ])

  @Test func `a network is read back from its JSON`() throws {
    let text = Self.network.json.compact
    #expect(try Network(json: JSONValue(parsing: text)) == Self.network)
    let planned = PlannedNetwork(Self.network, source: .preset)
    #expect(try PlannedNetwork(json: JSONValue(parsing: planned.json.compact)) == planned)
  }

  @Test func `an entry has the members of a spec, without those that have their defaults`() {
    #expect(Network([.weight(Network.Weight("w"))]).json.compact == #"[{"weight":"w"}]"#)
    #expect(
      Network([.pool(Network.Pool(.mean, size: 2, stride: 2))]).json.compact == #"[{"pool":"mean","size":2}]"#)
  }

  @Test(arguments: [
    "{}", "null", "[1]", "[{}]", #"[{"weight":"w","wight":1}]"#, #"[{"weight":1}]"#, #"[{"weight":""}]"#,
    #"[{"weight":"w","stride":0}]"#, #"[{"weight":"w","stride":1.5}]"#, #"[{"weight":"w","stride":1e300}]"#,
    #"[{"weight":"w","padding":-1}]"#, #"[{"weight":"w","transposed":1}]"#, #"[{"weight":"w","activation":"?"}]"#,
    #"[{"activation":3}]"#, #"[{"norm":"?"}]"#, #"[{"pool":"max","size":-1}]"#,
    #"[{"pool":"max","size":0}]"#, #"[{"pool":"max"}]"#, #"[{"pool":"global","size":2}]"#,
    #"[{"attention":{"query":"q","key":"k","value":"v","output":"o","heads":0}}]"#, #"[{"embedding":[]}]"#,
    #"[{"embedding":["a",1]}]"#, #"[{"input":[]}]"#, #"[{"input":[0]}]"#, #"[{"input":[1,1,1,1,1,1,1,1,1]}]"#,
    #"[{"input":[9007199254740992,9007199254740992]}]"#, #"[{"input":[3],"std":-1}]"#, #"[{"input":[3],"std":"1"}]"#,
    #"[{"attention":{"query":"q"}}]"#, #"[{"attention":{"query":"q","key":"k","value":"v","output":"o","x":1}}]"#,
    #"[{"gate":[]}]"#, #"[{"residual":1}]"#, #"[{"residual":[],"shortcut":{}}]"#, #"[{"repeat":"h.{i}"}]"#,
    #"[{"repeat":"h.{i}","of":[{"weight":"w"}]}]"#,
  ])
  func `JSON that is no network is refused, without a crash`(text: String) throws {
    let json = try JSONValue(parsing: text)
    #expect(throws: Network.InvalidJSON.self) { try Network(json: json) }
    #expect(PlannedNetwork(json: ["source": "spec", "entries": json]) == nil)
  }

  @Test func `depth and number of entries are bounded`() throws {
    var json: JSONValue = [["weight": "w"]]
    for _ in 0..<Network.maximumDepth { json = [["residual": json]] }
    _ = try Network(json: json)
    #expect(throws: Network.InvalidJSON.self) { try Network(json: [["residual": json]]) }
    let many = JSONValue.array(Array(repeating: ["activation": "relu"], count: Network.maximumEntries))
    _ = try Network(json: many)
    #expect(throws: Network.InvalidJSON.self) { try Network(json: [["residual": many]]) }
  }

  @Test func `an allowed finding is read back, and allows its code under names that match`() throws {
    let pattern = AllowedPattern(code: .zeroRows, match: Glob("*.embed"), reason: "padding")
    let read = try #require(AllowedPattern(json: JSONValue(parsing: pattern.json.compact)))
    #expect(read.code == .zeroRows && read.match.text == "*.embed" && read.reason == "padding")
    #expect(read.allows(Finding(.zeroRows, .warning, tensor: "a.embed", message: "")))
    #expect(read.allows(Finding(.zeroRows, .warning, tensor: "a", layer: "b.embed", message: "")))
    #expect(!read.allows(Finding(.zeroRows, .warning, tensor: "a.embed.b", message: "")))
    #expect(!read.allows(Finding(.deadUnits, .warning, tensor: "a.embed", message: "")))
    #expect(!read.allows(Finding(.zeroRows, .warning, message: "")))
    #expect(AllowedPattern(code: .zeroRows, reason: "r").allows(Finding(.zeroRows, .error, message: "")))
    for text in ["1", "{}", #"{"finding":"x","match":"*","reason":"r"}"#, #"{"finding":"zero-rows","match":"*"}"#] {
      #expect(AllowedPattern(json: try JSONValue(parsing: text)) == nil)
    }
  }

  @Test func `the numbers of a prefix are those that names have, without leading zeros`() {
    let index = NameIndex([
      "h.10.w", "h.2.w", "h.0.w", "h.0.v", "h.01.w", "h.x.w", "h.3", "g.4.w", "h.99999999999999999999.w",
    ])
    #expect(index.numbers(head: "h.", tail: ".") == [0, 2, 10])
    #expect(index.numbers(head: "h.", tail: ".v") == [0])
    #expect(index.numbers(head: "z", tail: ".").isEmpty)
    #expect(Array(index.names(after: "h.0")) == ["h.0.v", "h.0.w", "h.01.w"])
    #expect(NumberedPrefix("h.{i}")?.text(7) == "h.7." && NumberedPrefix("{i}/")?.text(7) == "7/")
    for text in ["h", "h.{}", "{a}{b}", "h.{1}", "h.{i", "h}{i"] { #expect(NumberedPrefix(text) == nil) }
  }
}
