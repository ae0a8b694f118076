// An option of a preset, as the command line gives it.

import ArgumentParser
import WinitJSON

/// Splits `NAME=VALUE`.
///
/// - Throws: `ValidationError` for a text without a name or a value.
func presetSetting(_ text: String) throws -> (name: String, text: String) {
  let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
  guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
    throw ValidationError("--preset-option is \(quoted: text); write NAME=VALUE, such as tied=true")
  }
  return (String(parts[0]), String(parts[1]))
}
