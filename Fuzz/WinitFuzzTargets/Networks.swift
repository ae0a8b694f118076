// The reader of the networks and the allowed findings that runs record.

import WinitDiagnosis
import WinitJSON

extension FuzzTarget {
  /// The input is the JSON of a network or of an allowed finding. What is read is written and read again as the same.
  static let network = FuzzTarget("network") { bytes in
    guard let text = text(bytes) else { return .refused("not UTF-8") }
    let json: JSONValue
    do { json = try JSONValue(parsing: text) } catch { return .refused("\(error)") }
    if let allowed = AllowedPattern(json: json) {
      let read = AllowedPattern(json: try JSONValue(parsing: allowed.json.compact))
      try expect(read.map { same($0.json.compact, allowed.json.compact) } ?? false, "an allowed finding changes")
      _ = allowed.allows(Finding(allowed.code, .error, tensor: text, message: ""))
      return .accepted
    }
    let network: Network
    do throws(Network.InvalidJSON) { network = try Network(json: json) } catch { return .refused(error.message) }
    let again = try Network(json: try JSONValue(parsing: network.json.compact))
    try expect(again == network, "the network \(network.json.compact) changes")
    return .accepted
  }
}
