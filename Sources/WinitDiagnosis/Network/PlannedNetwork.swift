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
    guard let source = json["source"]?.stringValue.flatMap(NetworkSummary.Source.init(rawValue:)),
      let entries = json["entries"], let network = try? Network(json: entries)
    else { return nil }
    self.init(network, source: source)
  }
}
