// The JSON of a run: create, import of a checkpoint, list, show, tag, note, rm and restore print it.

package import WinitJSON
import WinitStorage

extension Run {
  /// The run's record, without its tensors.
  package var jsonValue: JSONValue {
    [
      "reference": .string(reference), "id": .string(id.description), "weights": .string(weights.description),
      "seed": record.isImported ? .null : .string(String(record.seed)), "name": .string(name),
      "version": .integer(version),
      "stored": .bool(isStored), "tensor_count": .integer(tensorCount),
      "parameter_count": .integer(parameterCount), "byte_count": .integer(byteCount),
      "law_version": .string(lawVersion), "created_at": .string(record.createdAt),
      "tool_version": .string(toolVersion), "host": record.host, "uid": .string(uid),
      "origin": .string(record.isImported ? "captured" : "created"), "experiment": .optional(experiment),
      "tags": .object(tags.map { .init($0.key, .string($0.value)) }), "note": .string(note),
      "parent": .optional(parentUID), "aliases": .strings(aliases), "git": record.git ?? .null,
      "deleted_at": .optional(record.deletedAt), "preset": record.preset ?? .null,
    ]
  }
}
