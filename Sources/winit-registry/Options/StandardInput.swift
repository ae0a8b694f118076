// Arguments that name a file that is read at several places.

import ArgumentParser

/// Refuses `-` for a file that is read at several places.
///
/// - Parameters:
///   - path: the path that was given; nil if none was.
///   - option: what the user wrote.
///   - kind: the kind of file.
func refuseStandardInput(_ path: String?, _ option: String, _ kind: String) throws {
  guard path == "-" else { return }
  throw ValidationError(
    "\(option): \(kind) is read at several places, which standard input does not allow. Name a file; `./-` is a file with the name `-`"
  )
}
