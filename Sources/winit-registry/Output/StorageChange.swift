// The loop that strip and materialize share.

import WinitRegistry

/// Changes the storage of runs, one after another, and prints the result of each.
///
/// - Parameters:
///   - label: the verb before the reference in the progress bar.
///   - verb: the verb before the reference in the output.
///   - effect: the word after the number of bytes in the output.
///   - body: changes one run; returns the run after the change and the number of bytes.
func changeStorage(
  of references: [String], _ registry: RegistryOption, _ json: JSONFlag, _ label: String, done verb: String,
  what effect: String, _ body: (Registry, Run, @escaping ProgressHandler) throws -> StorageReceipt
) throws {
  try reportingErrors {
    let registry = try registry.open()
    let runs = try registry.runs(toChange: references)
    var report = StorageChangeReport()
    func finish() throws { if json.enabled { try emit(report.json) } }
    for run in runs {
      let progress = ProgressBar("\(label) \(run.reference)")
      let change: StorageReceipt
      do { change = try body(registry, run, progress.update) } catch {
        // The runs that were changed before the failure stay changed, so they are reported.
        if !report.changes.isEmpty { try? finish() }
        throw error
      }
      report.changes.append(change)
      if !json.enabled { try emit("\(verb) \(change.run.reference): \(humanBytes(change.byteCount)) \(effect)") }
    }
    try finish()
  }
}
