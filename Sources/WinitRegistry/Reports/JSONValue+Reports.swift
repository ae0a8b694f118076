// The JSON values that several reports share.

import WinitJSON

extension JSONValue {
  /// A string; null for nil.
  static func optional(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }

  /// An array of strings.
  static func strings(_ texts: some Sequence<String>) -> JSONValue { .array(texts.map { .string($0) }) }

  /// An array of integers.
  static func integers(_ numbers: some Sequence<Int>) -> JSONValue { .array(numbers.map { .integer($0) }) }

  /// A duration in seconds.
  static func seconds(_ duration: Duration) -> JSONValue { .number(duration / .seconds(1)) }

  /// An object that has the members of another object first and then its own.
  static func object(_ first: JSONValue, _ more: [Member]) -> JSONValue {
    .object((first.objectValue ?? []) + more)
  }
}
