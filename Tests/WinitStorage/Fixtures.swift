// What the tests of the store share: files of earlier schemas, and errors by their case.

import GRDB
import Testing
import WinitStorage
import WinitTestSupport

/// Makes a registry file as the last version with an earlier schema left it, and returns its path.
func earlierRegistry(_ schema: Int, in folder: TemporaryFolder) throws -> String {
  let path = folder.path("v\(schema)")
  let sql = try VectorFile.text("registry-v\(schema).sql")
  let db = try DatabaseQueue(path: path)
  try db.writeWithoutTransaction { try $0.execute(sql: sql) }
  try db.close()
  return path
}

/// Returns the number of rows of a table of the registry `r`, read without the store.
func count(_ table: String, _ folder: TemporaryFolder) throws -> Int? {
  try DatabaseQueue(path: folder.path("r")).read {
    try Int.fetchOne($0, sql: "SELECT count(*) FROM \(table)")
  }
}

/// Expects that a body throws a `StoreError` of the case that `isExpected` recognizes.
///
/// ```swift
/// expectError { try Store.open(path) } where: { if case .noRegistry = $0 { true } else { false } }
/// ```
func expectError<T>(
  _ comment: @autoclosure () -> Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation,
  _ body: () throws -> T, where isExpected: (StoreError) -> Bool
) {
  let error = #expect(throws: StoreError.self, comment(), sourceLocation: sourceLocation) { _ = try body() }
  guard let error, !isExpected(error) else { return }
  Issue.record("another case: \(error)", sourceLocation: sourceLocation)
}
