// Whether a recorded scheme still gives the recorded law.

import WinitCore
import WinitInitializers
import WinitJSON
import WinitStorage

/// The recorded scheme of a tensor, resolved again and compared with the recorded law.
struct RecordedScheme {
  /// Why the scheme does not give the law; nil if it does.
  private(set) var problem: String?
  /// What a reader should know about a scheme that gives the law.
  private(set) var note: String?

  init(_ tensor: TensorRecord) {
    let recipe = tensor.recipe
    switch (tensor.scheme["scheme"]?.stringValue, recipe.law) {
    case ("same_as", _): problem = tensor.tiedTo == nil ? "its scheme is same_as, and its law is not" : nil
    case ("norm_of", .normOf(let name, let axes)):
      let isSame =
        tensor.scheme["of"]?.stringValue == name.string
        && tensor.scheme["axes"]?.arrayValue?.map(\.integerValue) == axes
      problem = isSame ? nil : "its scheme is the norm of another tensor or over other axes than its law"
    case ("literal", let law): problem = law == .literal ? nil : "its scheme is literal, and its law is not"
    case ("manifest", _): break  // The run was imported from a manifest, which has laws and no schemes.
    case ("parts", .parts(let parts)): check(tensor.scheme["parts"]?.arrayValue ?? [], recipe, parts)
    default: check(tensor.scheme, box: [], recipe, recipe.law)
    }
  }

  private mutating func check(_ records: [JSONValue], _ recipe: Recipe, _ parts: [LawPart]) {
    // A part that repeats has one record for all of its boxes, which have the same length.
    let counts = records.map { max($0["repeat"]?["count"]?.integerValue ?? 1, 0) }
    guard counts.reduce(0, { $0.addingReportingOverflow($1).partialValue }) == parts.count else {
      problem = "its scheme has other parts than its law"
      return
    }
    var rest = parts[...]
    for (record, count) in zip(records, counts) {
      let boxes = rest.prefix(count)
      rest = rest.dropFirst(count)
      if let first = boxes.first { check(record, recipe, first) }
      if boxes.contains(where: { $0.law != boxes.first?.law }) {
        problem = problem ?? "its scheme repeats a part, and its law has different laws there"
      }
    }
  }

  private mutating func check(_ record: JSONValue, _ recipe: Recipe, _ part: LawPart) {
    let scheme = record["init"] ?? .null
    if scheme["scheme"]?.stringValue == "literal" {
      if part.law != .literal { problem = problem ?? "a part of its scheme is a literal, and its law is not" }
      return
    }
    // The law leaves out ranges that take an axis whole.
    let ranges = (record["box"]?.arrayValue ?? []).map { ($0.arrayValue ?? []).map { $0.integerValue ?? -1 } }
    let isInside =
      ranges.count <= recipe.shape.rank
      && zip(ranges, recipe.shape.dims).allSatisfy {
        $0.count == 2 && $0[0] >= 0 && $0[0] <= $0[1] && $0[1] <= $1
      }
    guard isInside else {
      problem = problem ?? "a part of its scheme has a box that is not inside the tensor"
      return
    }
    var inBox = RecordedScheme()
    inBox.check(scheme, box: ranges.map { $0[0]..<$0[1] }, recipe, part.law)
    // Version 0.1 took the fans of the whole tensor for a box, and did not record `fans_from`.
    if inBox.problem != nil, record["fans_from"] == nil {
      inBox = RecordedScheme()
      inBox.check(scheme, box: [], recipe, part.law)
      if inBox.problem == nil { note = "fans of the whole tensor, as version 0.1 took them" }
    }
    problem = problem ?? inBox.problem
  }

  private init() {}

  private mutating func check(_ scheme: JSONValue, box: [Range<Int>], _ recipe: Recipe, _ recorded: Law) {
    let members = (scheme.objectValue ?? []).filter {
      !FanSource.keys.contains($0.key) && !["picked", "because"].contains($0.key)
    }
    guard let fans = FanSource(json: scheme) else {
      problem = "its recorded scheme has no layout and no fans"
      return
    }
    do {
      let context = TensorContext(box: box, of: recipe.shape, dtype: recipe.dtype, fans: fans)
      let law = try WinitInitializers.Scheme(json: .object(members)).resolve(context).law
      if law == recorded { return }
      problem =
        "its scheme \(JSONValue.object(members).compact) resolves to \(law.json.compact) today, but \(recorded.json.compact) is recorded; the recorded law is what its bits follow"
    } catch {
      problem = "its recorded scheme does not resolve: \(error)"
    }
  }
}
