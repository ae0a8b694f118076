// The version of this software, in one place.

import WinitCore

extension Registry {
  /// The version of this software, as MAJOR.MINOR.PATCH of semantic versioning.
  public static let version = "0.2.0"

  /// The version of the law that this software executes: the rules by which every bit follows from seed, name and
  /// index.
  public static var lawVersion: String { WinitCore.lawVersion }
}
