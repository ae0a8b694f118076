// The network of a plan, as it is recorded with a run.

package import WinitJSON

/// The network of a spec, expanded to the names of its tensors. It is recorded with the run, and is not part of its id.
package struct PlannedNetwork: Sendable, Hashable {
  /// The network, without repeats and with whole names.
  package let network: Network
  /// What gave the network: the spec or its preset.
  package let source: NetworkSummary.Source

  package init(_ network: Network, source: NetworkSummary.Source) { (self.network, self.source) = (network, source) }

  /// The record.
  package var json: JSONValue { ["source": .string(source.rawValue), "entries": network.json] }

  /// Reads a record; nil for anything else.
  package init?(json: JSONValue) {
    do throws(Network.InvalidJSON) { try self.init(reading: json) } catch { return nil }
  }

  /// Reads a record.
  ///
  /// - Throws: `Network.InvalidJSON` for anything else.
  package init(reading json: JSONValue) throws(Network.InvalidJSON) {
    guard let source = json["source"]?.stringValue.flatMap(NetworkSummary.Source.init(rawValue:)) else {
      throw Network.InvalidJSON(message: "it has no known `source`")
    }
    self.init(try Network(json: json["entries"] ?? .null), source: source)
  }
}
