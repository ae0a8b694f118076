// The events of a YAML text, as libyaml reports them.

import CWinitLibyaml

/// Reads a text as a stream of events.
final class YAMLEvents {
  enum Event {
    case scalar(String, anchor: String?)
    case alias(String)
    case sequenceStart(anchor: String?)
    case sequenceEnd
    case mappingStart(anchor: String?)
    case mappingEnd
    case documentStart
    case documentEnd
    case streamEnd
  }

  private let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
  private let text: UnsafeMutableBufferPointer<UInt8>

  init(_ text: String) {
    // The parser points into this buffer until it is deleted.
    let bytes = text.utf8
    self.text = .allocate(capacity: bytes.count)
    _ = self.text.initialize(from: bytes)
    yaml_parser_initialize(parser)
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    yaml_parser_set_input_string(parser, UnsafePointer(self.text.baseAddress), bytes.count)
  }

  deinit {
    yaml_parser_delete(parser)
    parser.deallocate()
    text.deallocate()
  }

  /// Returns the next event and its line, from 1.
  func next() throws(LocatedProblem) -> (event: Event, line: Int) {
    while true {
      var event = yaml_event_t()
      guard yaml_parser_parse(parser, &event) == 1 else { throw failure }
      defer { yaml_event_delete(&event) }
      let line = Int(event.start_mark.line) + 1
      let data = event.data
      switch event.type {
      case YAML_SCALAR_EVENT:
        let bytes = UnsafeBufferPointer(start: data.scalar.value, count: data.scalar.length)
        return (.scalar(String(decoding: bytes, as: UTF8.self), anchor: string(data.scalar.anchor)), line)
      case YAML_ALIAS_EVENT: return (.alias(string(data.alias.anchor) ?? ""), line)
      case YAML_SEQUENCE_START_EVENT:
        return (.sequenceStart(anchor: string(data.sequence_start.anchor)), line)
      case YAML_SEQUENCE_END_EVENT: return (.sequenceEnd, line)
      case YAML_MAPPING_START_EVENT:
        return (.mappingStart(anchor: string(data.mapping_start.anchor)), line)
      case YAML_MAPPING_END_EVENT: return (.mappingEnd, line)
      case YAML_DOCUMENT_START_EVENT: return (.documentStart, line)
      case YAML_DOCUMENT_END_EVENT: return (.documentEnd, line)
      case YAML_STREAM_START_EVENT: continue
      default: return (.streamEnd, line)
      }
    }
  }

  private func string(_ bytes: UnsafeMutablePointer<yaml_char_t>?) -> String? {
    bytes.map { String(cString: $0) }
  }

  /// What to do about libyaml's problems that people meet most.
  private static let remedies = [
    "found character that cannot start any token":
      ". Indent with spaces, not with tabs; a value that begins with @, ` or % needs quotes",
    "did not find expected alphabetic or numeric character": ". A pattern that begins with * needs quotes",
  ]

  private var failure: LocatedProblem {
    let problem = parser.pointee.problem.map { String(cString: $0) } ?? "the text cannot be read"
    // libyaml's decoder of bytes does not count lines.
    let line = parser.pointee.error == YAML_READER_ERROR ? nil : Int(parser.pointee.problem_mark.line) + 1
    return LocatedProblem(line: line, .invalidYAML, "not valid YAML: \(problem)\(Self.remedies[problem] ?? "")")
  }
}
