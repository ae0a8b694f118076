// Reading manifests from elsewhere.

import Testing
import WinitCore
import WinitJSON
import WinitTestSupport

@Suite struct ManifestParsingTests {
  private func text() throws -> String { try VectorFile.text("manifest-example.json") }

  private func manifest(_ text: String) throws -> Manifest { try Manifest(json: JSONValue(parsing: text)) }

  @Test func `a manifest with other white space and another order of members and tensors has the same canonical text`()
    throws
  {
    let text = try text()
    guard case .object(let members) = try JSONValue(parsing: text) else { return }
    func reversed(_ value: JSONValue) -> JSONValue {
      switch value {
      case .object(let members): .object(members.reversed().map { .init($0.key, reversed($0.value)) })
      default: value
      }
    }
    let tensors = try #require(JSONValue.object(members)["tensors"]?.arrayValue)
    let shuffled = JSONValue.object(
      members.reversed().map { member in
        member.key == "tensors" ? .init("tensors", .array(tensors.reversed().map(reversed))) : member
      })
    for layout in [text, shuffled.pretty, shuffled.compact, "\n \(text)\r\n"] {
      #expect(try manifest(layout).canonical == text)
    }
  }

  @Test func `a zero with a sign is 0, as in the canonical text`() throws {
    let text = try text()
    let signed = try manifest(text.replacing(#""mean":0"#, with: #""mean":-0.0"#))
    #expect(signed.canonical == text)
    guard case .normal(let mean, _)? = signed.tensors.first(where: { $0.name == "h.0.w" })?.law else { return }
    #expect(mean.sign == .plus)
  }

  @Test func `the text with a line for each tensor is the canonical text without its newlines`() throws {
    let text = try text()
    let lines = try manifest(text).lines
    #expect(lines.filter { $0 != "\n" } == text)
    let rows = lines.split(separator: "\n", omittingEmptySubsequences: false)
    // The head, four tensors, the closing brackets, and nothing after the final newline.
    #expect(rows.count == 7 && rows[6].isEmpty && rows[5] == "]}")
    #expect(rows[1...4].allSatisfy { $0.hasPrefix(#"{"digest":"sha256:"#) })
    #expect(Manifest(seed: 0, tensors: [Manifest.Tensor]()).lines.hasSuffix("[]}\n"))
  }

  @Test(arguments: [
    (#""seed":"18446744073709551557""#, #""seed":18446744073709551557"#, ManifestError.invalidMember("seed")),
    (#""seed":"18446744073709551557""#, #""seed":"+1""#, .invalidMember("seed")),
    (#""chunk_size":1048576"#, #""chunk_size":1000"#, .invalidMember("chunk_size")),
    (#"icdf-1""#, #"icdf-2""#, .otherLaw("philox4x32-10/icdf-2")),
    (#"{"chunk_size""#, #"{"made":1,"chunk_size""#, .unknownMember("made")),
    (#""tensors":["#, #""tensors":[5,"#, .unnamedTensor(0)),
    (#""name":"h.0.w""#, #""name":"h.0.b""#, .duplicateTensor("h.0.b")),
  ])
  func `a manifest with another member, version or name is refused with what is wrong`(
    part: String, replacement: String, expected: ManifestError
  ) throws {
    let text = try text()
    #expect(text.contains(part))
    #expect(throws: expected) { try manifest(text.replacing(part, with: replacement)) }
  }

  @Test(arguments: [
    (#""dtype":"float16""#, #""dtype":"float17""#), (#""shape":[5]"#, #""shape":[-5]"#),
    (#""shape":[5]"#, #""shape":[5.5]"#), (#""stream":"10845646704572955874""#, #""stream":"010845646704572955874""#),
    (#""law":"uniform""#, #""law":"unicorn""#), (#""half":0.20000000298023224"#, #""half":0.2"#),
    (#""half":0.20000000298023224,"#, #""half":0.20000000298023224,"third":1,"#),
    (#""shape":[5]"#, #""shape":[5],"x":1"#),
    (#""digest":"sha256:d1dc"#, #""digest":"sha256:D1dc"#), (#""digest":"sha256:d1dc"#, #""digest":"d1dc"#),
    (#""name":"h.0.b""#, #""name":"h\u0000b""#),
  ])
  func `a tensor that this version would write in another form is refused by name`(part: String, replacement: String)
    throws
  {
    let text = try text()
    #expect(text.contains(part))
    let error = #expect(throws: ManifestError.self) { try manifest(text.replacing(part, with: replacement)) }
    guard case .invalidTensor(let name, _)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(name == "h.0.b" || name == "h\0b")
  }

  @Test func `a tied tensor has the law of its target, and must agree with it`() throws {
    func text(_ shape: String, target: String) -> String {
      let digest = "sha256:" + String(repeating: "0", count: 64)
      let row = #""digest":"\#(digest)","dtype":"float32""#
      return """
        {"chunk_size":1048576,"law_version":"\(lawVersion)","seed":"1","tensors":[
        {\(row),"law":{"law":"normal","mean":0,"std":1},"name":"a","shape":[2],"stream":"5"},
        {\(row),"law":{"law":"same_as","name":"\(target)"},"name":"b","shape":\(shape),"stream":"5"}]}
        """
    }
    let tied = try manifest(text("[2]", target: "a")).tensors[1]
    #expect(tied.law == .normal(mean: 0, std: 1) && tied.tiedTo == "a")
    for (shape, target) in [("[3]", "a"), ("[2]", "c"), ("[2]", "b")] {
      let error = #expect(throws: ManifestError.self) { try manifest(text(shape, target: target)) }
      guard case .invalidTensor("b", _)? = error else {
        Issue.record("\(shape) \(target): \(String(describing: error))")
        continue
      }
    }
  }
}
