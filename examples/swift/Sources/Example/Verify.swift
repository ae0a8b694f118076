// Verifies a run and a file, and finds a changed byte.

import Foundation
import WinitRegistry

/// Verifies the stored bytes, and the recipe.
func verifyRun(_ run: Run, in registry: Registry) throws {
  let result = try registry.verify(run)
  for finding in result.findings { print(finding.message) }
  try check("\(run.reference) matches its digests, \(result.byteCount) bytes", result.matches)
}

/// Writes a run to a file, verifies the file, changes one of its bytes, and finds the change.
func auditFile(_ path: String, of run: Run, in registry: Registry) throws {
  let receipt = try registry.export(run, to: path)
  print("wrote \(receipt.tensorCount) tensors, \(receipt.byteCount) bytes")
  try check("the file matches", try registry.verify(run, against: path).matches)

  try invertBit(6, ofByte: receipt.byteCount / 2, in: path)
  let result = try registry.verify(run, against: path)
  for finding in result.findings {
    print("\(finding.tensor ?? run.reference): \(finding.message)")
    if let cause = finding.likelyCause { print("likely cause: \(cause)") }
  }
  try check("one tensor of the changed file does not match", result.findings.count == 1)
  try check("one element of the tensor differs", result.findings.first?.difference?.count == 1)
  try check("the registry still matches", try registry.verify(run).matches)
}

/// Changes one bit of a file.
private func invertBit(_ bit: Int, ofByte offset: Int, in path: String) throws {
  let file = try FileHandle(forUpdating: URL(filePath: path))
  defer { try? file.close() }
  try file.seek(toOffset: UInt64(offset))
  let byte = try file.read(upToCount: 1)?.first ?? 0
  try file.seek(toOffset: UInt64(offset))
  try file.write(contentsOf: Data([byte ^ 1 << bit]))
}
