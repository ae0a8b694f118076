// Reads the JSON form of a network, strictly: it may come from a bundle made elsewhere.

import WinitCore
package import WinitJSON

extension Network {
  /// Why a value is not a network.
  package struct InvalidJSON: Error, Sendable, Hashable { package let message: String }

  /// Reads what `json` writes for an expanded network. A network with a repeat is refused.
  ///
  /// - Throws: `InvalidJSON` for an unknown member, a missing one, a value of another type or out of range, and a
  ///   network beyond the limits.
  package init(json: JSONValue) throws(InvalidJSON) {
    var reader = NetworkReader()
    self.init(try reader.entries(json, depth: 0))
  }
}

/// Reads entries and counts them.
private struct NetworkReader {
  typealias Failure = Network.InvalidJSON

  var count = 0

  mutating func entries(_ json: JSONValue, depth: Int) throws(Failure) -> [Network.Entry] {
    guard let list = json.arrayValue else { throw Failure(message: "a network is a list of entries") }
    guard depth <= Network.maximumDepth else {
      throw Failure(message: "the entries are nested more than \(Network.maximumDepth) deep")
    }
    count += list.count
    guard count <= Network.maximumEntries else {
      throw Failure(message: "the network has more than \(Network.maximumEntries) entries")
    }
    var entries: [Network.Entry] = []
    for value in list { entries.append(try entry(value, depth: depth)) }
    return entries
  }

  private mutating func entry(_ json: JSONValue, depth: Int) throws(Failure) -> Network.Entry {
    var members = try Members(json, of: "an entry")
    let entry: Network.Entry
    if let shape = members.take("input") {
      entry = try input(shape, &members)
    } else if let tables = members.take("embedding") {
      entry = .embedding(Network.Embedding(tables: try names(tables)))
    } else if let kind = members.take("norm") {
      entry = .norm(
        Network.Norm(try word(kind, "norm"), weight: try members.name("weight"), bias: try members.name("bias")))
    } else if let kind = members.take("pool") {
      entry = .pool(try pool(try word(kind, "pool"), &members))
    } else if let attention = members.take("attention") {
      entry = .attention(try self.attention(attention))
    } else if let gate = members.take("gate") {
      entry = .gate(try self.gate(gate))
    } else if let branch = members.take("residual") {
      let shortcut = members.take("shortcut") ?? .array([])
      entry = .residual(
        try entries(branch, depth: depth + 1), shortcut: try entries(shortcut, depth: depth + 1))
    } else if let weight = try members.name("weight") {
      entry = .weight(try layer(weight, &members))
    } else {
      guard let function = try members.activation() else { throw Failure(message: "an entry says no kind of step") }
      entry = .activation(function)
    }
    try members.checkEnd()
    return entry
  }

  private func input(_ shape: JSONValue, _ members: inout Members) throws(Failure) -> Network.Entry {
    let dims = (shape.arrayValue ?? []).map(\.integerValue)
    guard !dims.isEmpty, dims.count <= Network.maximumRank, dims.allSatisfy({ $0.map { $0 > 0 } ?? false }),
      (try? Shape(dims.compactMap(\.self))) != nil
    else { throw Failure(message: "`input` is a list of 1 to \(Network.maximumRank) positive dimensions") }
    let std = members.take("std").map { $0.numberValue ?? .nan } ?? 1
    guard std > 0, std.isFinite else { throw Failure(message: "`std` is a positive number") }
    return .input(shape: dims.compactMap(\.self), std: std)
  }

  private func layer(_ weight: String, _ members: inout Members) throws(Failure) -> Network.Weight {
    Network.Weight(
      weight, bias: try members.name("bias"), activation: try members.activation() ?? .linear,
      stride: try members.number("stride") ?? 1, padding: try members.number("padding") ?? 0,
      groups: try members.number("groups") ?? 1, isTransposed: try members.flag("transposed"))
  }

  /// Reads a pool. A global one covers the whole map, and has no window.
  private func pool(_ kind: Network.Pool.Kind, _ members: inout Members) throws(Failure) -> Network.Pool {
    if kind == .global { return Network.Pool(.global, size: 0, stride: 1) }
    guard let size = try members.number("size") else { throw Failure(message: "a pool needs `size`") }
    return Network.Pool(
      kind, size: size, stride: try members.number("stride") ?? size, padding: try members.number("padding") ?? 0)
  }

  private func attention(_ json: JSONValue) throws(Failure) -> Network.Attention {
    var members = try Members(json, of: "attention")
    let attention = Network.Attention(
      query: try members.needed("query"), key: try members.needed("key"), value: try members.needed("value"),
      output: try members.needed("output"), heads: try members.number("heads"),
      isCausal: try members.flag("causal"), valueBias: try members.name("value_bias"),
      outputBias: try members.name("output_bias"))
    try members.checkEnd()
    return attention
  }

  private func gate(_ json: JSONValue) throws(Failure) -> Network.Gate {
    var members = try Members(json, of: "gate")
    let gate = Network.Gate(
      gate: try members.needed("gate"), up: try members.needed("up"),
      activation: try members.activation() ?? .linear, gateBias: try members.name("gate_bias"),
      upBias: try members.name("up_bias"))
    try members.checkEnd()
    return gate
  }

  private func names(_ json: JSONValue) throws(Failure) -> [String] {
    let names = (json.arrayValue ?? []).map { $0.stringValue ?? "" }
    guard !names.isEmpty, !names.contains("") else { throw Failure(message: "`embedding` is a list of names") }
    return names
  }

  private func word<Word: RawRepresentable>(_ json: JSONValue, _ key: String) throws(Failure) -> Word
  where Word.RawValue == String {
    guard let word = json.stringValue.flatMap(Word.init(rawValue:)) else {
      throw Failure(message: "`\(key)` has an unknown value")
    }
    return word
  }
}

/// The members of an object, each of which is taken once.
private struct Members {
  typealias Failure = Network.InvalidJSON

  private var rest: [JSONValue.Member]
  private let what: String

  init(_ json: JSONValue, of what: String) throws(Failure) {
    guard let members = json.objectValue else { throw Failure(message: "\(what) is an object") }
    (rest, self.what) = (members, what)
  }

  mutating func take(_ key: String) -> JSONValue? {
    guard let index = rest.firstIndex(where: { $0.key == key }) else { return nil }
    return rest.remove(at: index).value
  }

  mutating func name(_ key: String) throws(Failure) -> String? {
    guard let value = take(key) else { return nil }
    guard let name = value.stringValue, !name.isEmpty else {
      throw Failure(message: "`\(key)` is the name of a tensor")
    }
    return name
  }

  mutating func needed(_ key: String) throws(Failure) -> String {
    guard let name = try name(key) else { throw Failure(message: "\(what) needs `\(key)`") }
    return name
  }

  mutating func number(_ key: String) throws(Failure) -> Int? {
    guard let value = take(key) else { return nil }
    let least = key == "padding" ? 0 : 1
    guard let number = value.integerValue, (least...Network.maximumNumber).contains(number) else {
      throw Failure(message: "`\(key)` is an integer from \(least) to \(Network.maximumNumber)")
    }
    return number
  }

  mutating func flag(_ key: String) throws(Failure) -> Bool {
    guard let value = take(key) else { return false }
    guard let flag = value.boolValue else { throw Failure(message: "`\(key)` is true or false") }
    return flag
  }

  mutating func activation() throws(Failure) -> ActivationFunction? {
    guard let value = take("activation") else { return nil }
    guard let function = value.stringValue.flatMap(ActivationFunction.init(name:)) else {
      throw Failure(message: "`activation` has an unknown value")
    }
    return function
  }

  func checkEnd() throws(Failure) {
    if let member = rest.first { throw Failure(message: "\(what) has the unknown member \(quoted: member.key)") }
  }
}
